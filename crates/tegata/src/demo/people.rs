//! The cast: people of the generated town whose software cards lie ready.

use population::{Population, Relation, Resident};
use serde::{Deserialize, Serialize};

/// Somebody with a software card.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Player {
    /// The card's file.
    pub(crate) card: String,
    /// Who it is, for the list.
    pub(crate) role: String,
    /// The four items, as the register has them.
    pub(crate) name: String,
    pub(crate) address: String,
    pub(crate) date_of_birth: String,
    pub(crate) male: bool,
    /// The names of the children, for the application.
    pub(crate) children: Vec<String>,
}

/// Chooses the cast: the same seed gives the same people.
pub(crate) fn cast(town: &Population) -> Vec<Player> {
    let today = town.as_of();
    let plain = is_plain;
    let age = |resident: &Resident| civil::age_on(resident.born_on(), today);
    let mut players = Vec::new();
    let parent = town.current().find(|resident| {
        plain(resident)
            && resident.relation == Relation::Head
            && (30..45).contains(&age(resident))
            && spouse(town, resident).is_some_and(plain)
            && young(town, resident).len() >= 2
            && young(town, resident).iter().all(|child| plain(child) && child.child_medical_no.is_some())
    });
    if let Some(parent) = parent {
        let children: Vec<String> = young(town, parent).iter().map(|child| child.name.clone()).collect();
        players.push(player("parent", "親・お子さまの医療証を申請できます", parent, children.clone()));
        if let Some(spouse) = spouse(town, parent) {
            players.push(player("spouse", "もう一人の親", spouse, children));
        }
    }
    if let Some(senior) =
        town.current().find(|resident| plain(resident) && resident.relation == Relation::Head && (76..85).contains(&age(resident)))
    {
        players.push(player("senior", "75歳以上の方", senior, Vec::new()));
    }
    let single = town.current().find(|resident| {
        plain(resident)
            && resident.relation == Relation::Head
            && resident.single_parent_medical_no.is_some()
            && !young(town, resident).is_empty()
            && young(town, resident).iter().all(|child| plain(child))
    });
    if let Some(single) = single {
        let children = young(town, single).iter().map(|child| child.name.clone()).collect();
        players.push(player("single-parent", "ひとり親", single, children));
    }
    if let Some(adult) =
        town.current().find(|resident| plain(resident) && resident.relation == Relation::Head && (50..65).contains(&age(resident)))
    {
        players.push(player("adult", "75歳未満の市民", adult, Vec::new()));
    }
    players
}

/// Whether somebody is matched by nothing but their card: no letters a register cannot write, nothing that sends them to a clerk.
pub(crate) fn is_plain(resident: &Resident) -> bool {
    resident.is_current() && !resident.protected && !resident.foreign && writes_plainly(&resident.name)
}

/// Somebody the register does not know.
pub(crate) fn stranger() -> Player {
    Player {
        card: "stranger".to_owned(),
        role: "よその町の人".to_owned(),
        name: "旅野　まどか".to_owned(),
        address: "東京都架空区架空町一丁目２番３号".to_owned(),
        date_of_birth: "19910412".to_owned(),
        male: false,
        children: Vec::new(),
    }
}

/// Who a card of the cast belongs to, for readers of English.
pub(crate) fn role_in_english(card: &str) -> &'static str {
    match card {
        "parent" => "a parent, who can apply for the children",
        "spouse" => "the other parent",
        "senior" => "aged 75 or over",
        "single-parent" => "a single parent",
        "adult" => "under 75",
        _ => "from another town",
    }
}

fn young<'a>(town: &'a Population, of: &Resident) -> Vec<&'a Resident> {
    let today = town.as_of();
    let household = town.household(of.household).filter(|member| member.is_current() && member.relation == Relation::Child);
    household.filter(|member| civil::age_on(member.born_on(), today) < 15).collect()
}

fn spouse<'a>(town: &'a Population, of: &Resident) -> Option<&'a Resident> {
    town.household(of.household).find(|member| member.is_current() && matches!(member.relation, Relation::Wife | Relation::Husband))
}

/// A name every register can write: no character is lost in Shift_JIS on the way.
fn writes_plainly(name: &str) -> bool {
    name.chars().all(|c| matches!(u32::from(c), 0x3000..=0x30ff | 0x4e00..=0x9fff)) && !name.contains(['髙', '﨑', '德', '濵'])
}

fn player(card: &str, role: &str, resident: &Resident, children: Vec<String>) -> Player {
    Player {
        card: card.to_owned(),
        role: role.to_owned(),
        name: resident.name.clone(),
        address: resident.address.clone(),
        date_of_birth: resident.date_of_birth.to_string().replace('-', ""),
        male: resident.sex == civil::Sex::Male,
        children,
    }
}
