use crate::helpers::{pack, town};

#[test]
fn the_document_of_the_api_is_the_one_in_the_book() {
    let served = tegata::house::openapi(&town(&pack("demo"))).unwrap() + "\n";
    let book =
        std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json")).unwrap_or_default();
    assert!(
        served == book,
        "docs/openapi.json is not what is served; renew it:\n  cargo run -p tegata -- openapi --town towns/demo > docs/openapi.json"
    );
}
