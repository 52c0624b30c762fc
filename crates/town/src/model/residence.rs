//! People who are not in the register: those of neighbouring towns whose word is believed, and digital residents.

use std::sync::Arc;

use rule::{FactError, Person, Rule, Value};

use super::{NeighbourId, Proof, RollId, Timetable, Words, words};

words! {
    /// Where somebody belongs, in the words of rules (`residence.kind`). Of several that are so the first counts.
    ResidenceKind {
        /// In the town's own register today.
        Resident = "resident",
        /// In a neighbouring town, by that town's signed statement.
        Neighbour = "neighbour",
        /// A digital resident (デジタル住民).
        Digital = "digital",
        /// None of these.
        Nowhere = "none",
    }
}

/// Where somebody belongs, as rules see it: `residence.kind`, `residence.town`, `residence.roll`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Residence {
    /// Whether they are in the register today.
    pub resident: bool,
    /// The neighbouring town they proved to live in.
    pub town: Option<NeighbourId>,
    /// The roll of digital residents they are on.
    pub roll: Option<RollId>,
}

impl Residence {
    /// Somebody of the register, or who was.
    pub fn of_register(current: bool) -> Self {
        Self { resident: current, ..Self::default() }
    }

    /// The word for it.
    pub fn kind(&self) -> ResidenceKind {
        match (self.resident, &self.town, &self.roll) {
            (true, _, _) => ResidenceKind::Resident,
            (false, Some(_), _) => ResidenceKind::Neighbour,
            (false, None, Some(_)) => ResidenceKind::Digital,
            (false, None, None) => ResidenceKind::Nowhere,
        }
    }

    /// Whether a rule asks where people belong. One that does not speaks of the register alone: `age >= 65` is nobody else's.
    pub fn is_asked_by(rule: &Rule) -> bool {
        rule.facts().into_iter().any(|slot| rule.schema().info(slot).path.starts_with("residence."))
    }

    /// Writes it into what a rule is asked about. All three are always known: who is no neighbour's is of the town `""`.
    ///
    /// # Errors
    /// When the schema is not a town's.
    pub fn tell(&self, person: &mut Person) -> Result<(), FactError> {
        let text = |text: Option<&str>| Value::from(text.unwrap_or_default());
        person.set("residence.kind", self.kind().word())?;
        person.set("residence.town", text(self.town.as_ref().map(NeighbourId::as_str)))?;
        person.set("residence.roll", text(self.roll.as_ref().map(RollId::as_str)))
    }
}

/// A neighbouring town whose signed statement proves that somebody lives there (`[[neighbour]]`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Neighbour {
    /// Its name in rules, addresses and tables.
    pub id: NeighbourId,
    /// Its name for people.
    pub name: Words,
    /// Who issues the statement: `iss` of an SD-JWT VC.
    pub issuer: String,
    /// Which of its credentials counts: `vct`.
    pub credential: String,
    /// The issuer's keys, as a JWK set of the pack; otherwise the issuer is asked for them by the timetable.
    pub keys: Option<Arc<[u8]>>,
    /// What else the credential has to say, where one type is issued to people of several towns.
    pub area: Option<AreaClaim>,
    /// After how many days the statement has to be shown again.
    pub max_age_days: u32,
    /// When keys and status list are asked for, and after how many silent hours the staff are told.
    pub timetable: Timetable,
}

/// A claim by which a credential of several towns says which it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AreaClaim {
    /// Its name.
    pub claim: String,
    /// What it has to be: any of these.
    pub values: Vec<String>,
}

/// A roll of digital residents (`[[digital_residents]]`): people from anywhere who join for a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigitalResidents {
    /// Its name in rules, addresses and tables.
    pub id: RollId,
    /// What its people are called: デジタル村民.
    pub name: Words,
    /// What it is for, in a sentence or two.
    pub about: Words,
    /// What one agrees to when joining.
    pub terms: Words,
    /// The weakest proof accepted to join.
    pub proof: Proof,
    /// How many months it lasts until one joins again.
    pub months: u32,
    /// How many people it takes at most; any number, where nothing is said.
    pub limit: Option<u32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_the_nearest_counts() {
        let all = Residence { resident: true, town: "next".parse().ok(), roll: "friends".parse().ok() };
        assert_eq!(all.kind(), ResidenceKind::Resident);
        assert_eq!(Residence { resident: false, ..all.clone() }.kind(), ResidenceKind::Neighbour);
        assert_eq!(Residence { resident: false, town: None, ..all }.kind(), ResidenceKind::Digital);
        assert_eq!(Residence::default().kind(), ResidenceKind::Nowhere);
    }
}
