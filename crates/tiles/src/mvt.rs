use crate::directory::Numbers;

/// Layers of a tile at most.
const LAYERS_MAX: usize = 1000;

/// The names of the layers of an unpacked vector tile, in its order; no features are read. An empty tile has none.
///
/// # Errors
/// What is wrong, when the bytes are no vector tile (Vector Tile Specification 2.1, sections 4.1 and 5).
pub fn layer_names(tile: &[u8]) -> Result<Vec<String>, &'static str> {
    let mut names = Vec::new();
    for field in fields(tile)? {
        if let Field { number: 3, bytes: Some(layer), .. } = field {
            names.push(layer_name(layer)?);
        }
        if names.len() > LAYERS_MAX {
            return Err("too many layers");
        }
    }
    if names.is_empty() && !tile.is_empty() { Err("it has no layers") } else { Ok(names) }
}

fn layer_name(layer: &[u8]) -> Result<String, &'static str> {
    let fields = fields(layer)?;
    let version = fields.iter().find(|field| field.number == 15).map_or(1, |field| field.value);
    if !(1..=2).contains(&version) {
        return Err("a layer of an unknown version");
    }
    let name = fields.iter().find(|field| field.number == 1).and_then(|field| field.bytes).ok_or("a layer without a name")?;
    std::str::from_utf8(name).map(str::to_owned).map_err(|_| "a name that is not UTF-8")
}

/// A field of a message of Protocol Buffers.
struct Field<'a> {
    number: u64,
    value: u64,
    bytes: Option<&'a [u8]>,
}

fn fields(message: &[u8]) -> Result<Vec<Field<'_>>, &'static str> {
    let mut rest = Numbers(message);
    let mut fields = Vec::new();
    let broken = |_| "a broken number";
    while !rest.0.is_empty() {
        let key = rest.next().map_err(broken)?;
        let (mut value, mut bytes) = (0, None);
        let length = match key & 7 {
            0 => {
                value = rest.next().map_err(broken)?;
                0
            }
            1 => 8,
            2 => usize::try_from(rest.next().map_err(broken)?).map_err(|_| "a length")?,
            5 => 4,
            _ => return Err("a field of an unknown kind"),
        };
        let (part, after) = rest.0.split_at_checked(length).ok_or("it ends too early")?;
        if key & 7 == 2 {
            bytes = Some(part);
        }
        rest.0 = after;
        fields.push(Field { number: key >> 3, value, bytes });
    }
    Ok(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_are_named_and_other_bytes_are_no_tile() {
        // A layer "land" of version 2.
        let layer = [0x0a, 4, b'l', b'a', b'n', b'd', 0x78, 2];
        let tile = [&[0x1a, 8], layer.as_slice()].concat();
        assert_eq!(layer_names(&tile), Ok(vec!["land".to_owned()]));
        assert_eq!(layer_names(&[]), Ok(vec![]));
        assert_eq!(layer_names(b"\x89PNG\r\n"), Err("it ends too early"));
        assert_eq!(layer_names(&[0x80]), Err("a broken number"));
        assert_eq!(layer_names(b"<html></html>"), Err("a field of an unknown kind"));
        assert_eq!(layer_names(&tile[..7]), Err("it ends too early"));
        assert_eq!(layer_names(&[0x08, 1]), Err("it has no layers"));
    }
}
