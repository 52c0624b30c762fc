use store::{Ctx, FromRow, Row, StaffId, Value, params};

use crate::model::{Result, Template, TemplateId};

macro_rules! template {
    ($rest:literal) => {
        concat!("select id, name, queue, topic, texts, link, wants_answer, remind_days, print_days from notices_template ", $rest)
    };
}

store::queries! {
    ALL_OF_THEM = template!("order by name, id");
    BY_ID = template!("where id = $1");
    INSERT = "insert into notices_template (id, name, queue, topic, texts, link, wants_answer, remind_days, print_days, changed_by, changed_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    CHANGE = "update notices_template set name = $2, queue = $3, topic = $4, texts = $5, link = $6, wants_answer = $7, remind_days = $8, print_days = $9,
        changed_by = $10, changed_at = $11 where id = $1";
    DELETE = "delete from notices_template where id = $1";
    COUNT = "select count(*) from notices_template";
}

impl FromRow for Template {
    fn from_row(row: &Row) -> store::Result<Self> {
        let topic: String = row.get(3)?;
        Ok(Self {
            id: row.get(0)?,
            name: row.get(1)?,
            queue: row.get(2)?,
            topic: topic.parse().map_err(|error: town::InvalidName| store::Error::Decode { column: 3, reason: error.to_string() })?,
            texts: serde_json::from_str(&row.get::<String>(4)?)?,
            link: row.get(5)?,
            wants_answer: row.get(6)?,
            remind_days: row.get(7)?,
            print_days: row.get(8)?,
        })
    }
}

fn values(ctx: &Ctx, template: &Template, staff: StaffId) -> Result<Vec<Value>> {
    Ok(vec![
        template.id.into(),
        template.name.as_str().into(),
        template.queue.into(),
        template.topic.as_str().into(),
        serde_json::to_string(&template.texts).map_err(store::Error::from)?.into(),
        template.link.as_str().into(),
        template.wants_answer.into(),
        template.remind_days.into(),
        template.print_days.into(),
        staff.into(),
        ctx.now().into(),
    ])
}

pub(crate) async fn list(ctx: &mut Ctx) -> Result<Vec<Template>> {
    Ok(ctx.tx().query(ALL_OF_THEM, &[]).await?)
}

pub(crate) async fn find(ctx: &mut Ctx, id: TemplateId) -> Result<Option<Template>> {
    Ok(ctx.tx().query_opt(BY_ID, params![id]).await?)
}

pub(crate) async fn count(ctx: &mut Ctx) -> Result<u32> {
    Ok(ctx.tx().query_one::<(u32,)>(COUNT, &[]).await?.0)
}

pub(crate) async fn insert(ctx: &mut Ctx, template: &Template, staff: StaffId) -> Result<()> {
    let values = values(ctx, template, staff)?;
    ctx.tx().execute(INSERT, &values).await?;
    Ok(())
}

/// Changes a template; false when there is none any more.
pub(crate) async fn change(ctx: &mut Ctx, template: &Template, staff: StaffId) -> Result<bool> {
    let values = values(ctx, template, staff)?;
    Ok(ctx.tx().execute(CHANGE, &values).await? == 1)
}

/// Deletes a template; false when there was none.
pub(crate) async fn delete(ctx: &mut Ctx, id: TemplateId) -> Result<bool> {
    Ok(ctx.tx().execute(DELETE, params![id]).await? == 1)
}
