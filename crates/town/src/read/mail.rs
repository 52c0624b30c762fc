//! Reads `[mail]`.

use crate::{
    fields::{Faults, Fields, Value},
    model::{Mail, MailTls, is_here},
};

/// Lengths of RFC 5321 section 4.5.3.1.
const ADDRESS_BYTES_MAX: usize = 254;
const HOST_BYTES_MAX: usize = 253;

pub(super) fn read(fields: Option<Fields<'_>>, faults: &mut Faults) -> Option<Option<Mail>> {
    let Some(mut fields) = fields else { return Some(None) };
    let from = fields.required("from", "\"passport@town.example.jp\"", faults).and_then(|value| address(&value, faults));
    let name = fields.optional("name").map(|value| value.words(faults));
    let host = fields.required("host", "\"smtp.town.example.jp\"", faults).and_then(|value| host(&value, faults));
    let port = fields.required("port", "587", faults).and_then(|value| value.integer_within(1..=65_535, faults));
    let tls = fields.required("tls", "\"starttls\"", faults);
    let user = fields.optional("user").map(|value| value.string(faults));
    let mode = tls.as_ref().and_then(|value| value.word(MailTls::ALL, MailTls::word, faults));
    fields.finish(faults);
    if let (Some(value), Some(MailTls::None), Some(host)) = (&tls, mode, &host)
        && !is_here(host)
    {
        value.fault(faults, "letters would cross the network readable by everybody", "write tls = \"starttls\" or \"tls\"");
        return None;
    }
    Some(Some(Mail {
        from: from?,
        name: name.map_or(Some(None), |found| found.map(Some))?,
        host: host?,
        port: u16::try_from(port?).ok()?,
        tls: mode?,
        user: user.map_or(Some(None), |found| found.map(Some))?,
    }))
}

fn address(value: &Value<'_>, faults: &mut Faults) -> Option<String> {
    let text = value.string(faults)?;
    let plain = text.len() <= ADDRESS_BYTES_MAX && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>\"(),;:\\[]".contains(&byte));
    let whole = text.split_once('@').is_some_and(|(user, host)| !user.is_empty() && host.contains('.') && !host.contains('@'));
    if !plain || !whole {
        value.fault(faults, format!("{text:?} is no address of e-mail"), "write it like \"passport@town.example.jp\"");
        return None;
    }
    Some(text)
}

fn host(value: &Value<'_>, faults: &mut Faults) -> Option<String> {
    let text = value.string(faults)?;
    let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':'));
    if !plain || text.len() > HOST_BYTES_MAX {
        value.fault(faults, format!("{text:?} is no name of a server"), "write it like \"smtp.town.example.jp\", and the port at port");
        return None;
    }
    Some(text)
}
