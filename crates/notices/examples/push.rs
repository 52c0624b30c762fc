//! Encrypts a message as the town's couriers do, for tests with browsers of other makes: reads `{"endpoint", "keys": {"p256dh", "auth"}, "text"}` from
//! standard input and writes the request as JSON.

use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use notices::push::{BrowserKeys, Vapid, encrypt};
use serde::Deserialize;

#[derive(Deserialize)]
struct Asked {
    endpoint: String,
    keys: Keys,
    text: String,
    now_s: i64,
}

#[derive(Deserialize)]
struct Keys {
    p256dh: String,
    auth: String,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    let asked: Asked = serde_json::from_str(&text)?;
    let keys = BrowserKeys::of_text(&asked.keys.p256dh, &asked.keys.auth)?;
    let vapid = Vapid::new(&identity::jose::make_es256()?, "https://passport.example")?;
    let authorization = vapid.authorization(&asked.endpoint, jiff::Timestamp::from_second(asked.now_s)?)?;
    let body = URL_SAFE_NO_PAD.encode(encrypt(&keys, asked.text.as_bytes())?);
    println!("{}", serde_json::json!({ "authorization": authorization, "body": body, "applicationServerKey": vapid.public() }));
    Ok(())
}
