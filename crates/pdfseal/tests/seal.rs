//! Files are signed without a byte of them changed, read again, and believed by others.
#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]

use std::process::Command;

use jiff::Timestamp;
use lopdf::{Dictionary, Document, Object, SaveOptions, Stream, dictionary};
use pdfseal::{PdfFault, Sealer, Unsealed, check, inspect, seal};

fn now() -> Timestamp {
    "2026-06-01T10:00:00+09:00".parse().unwrap()
}

fn sealer() -> Sealer {
    let made = Sealer::make_up("見本町", "見本町長", now()).unwrap();
    Sealer::new(&made.key, made.certificate.as_bytes()).unwrap()
}

/// A page of a disposition; with a form of its own if asked.
fn document(with_form: bool) -> Document {
    let mut document = Document::with_version("1.7");
    let pages = document.new_object_id();
    let font = document.add_object(dictionary! { "Type" => "Font", "Subtype" => "Type1", "BaseFont" => "Courier" });
    let content = document.add_object(Stream::new(Dictionary::new(), b"BT /F1 20 Tf 50 600 Td (No. 123) Tj ET".to_vec()));
    let page = document.add_object(dictionary! {
        "Type" => "Page", "Parent" => pages, "MediaBox" => vec![0.into(), 0.into(), 595.into(), 842.into()],
        "Contents" => content, "Resources" => dictionary! { "Font" => dictionary! { "F1" => font } },
    });
    document.objects.insert(pages, Object::Dictionary(dictionary! { "Type" => "Pages", "Kids" => vec![page.into()], "Count" => 1 }));
    let mut catalog = dictionary! { "Type" => "Catalog", "Pages" => pages };
    if with_form {
        let field = document.add_object(dictionary! { "FT" => "Tx", "T" => Object::string_literal("name"), "Subtype" => "Widget" });
        let form = document.add_object(dictionary! { "Fields" => vec![field.into()], "DA" => Object::string_literal("/F1 0 Tf") });
        catalog.set("AcroForm", Object::Reference(form));
        let annotations = document.add_object(Object::Array(vec![field.into()]));
        document.get_dictionary_mut(page).unwrap().set("Annots", Object::Reference(annotations));
    }
    let catalog = document.add_object(catalog);
    document.trailer.set("Root", catalog);
    document
}

fn with_table(with_form: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    document(with_form).save_to(&mut bytes).unwrap();
    bytes
}

/// The same with objects in streams, as most programs write today.
fn with_streams() -> Vec<u8> {
    let mut bytes = Vec::new();
    let options = SaveOptions::builder().use_object_streams(true).use_xref_streams(true).build();
    document(true).save_with_options(&mut bytes, options).unwrap();
    bytes
}

#[test]
fn everything_that_was_there_stands_and_the_signature_is_read_again() {
    let sealer = sealer();
    for file in [with_table(false), with_table(true), with_streams()] {
        inspect(&file).unwrap();
        let sealed = seal(&file, &sealer, "処分通知", now()).unwrap();
        assert!(sealed.starts_with(&file), "the original bytes stand at the beginning");
        let checked = check(&sealed).unwrap();
        assert_eq!((checked.name.as_str(), checked.at), ("見本町長", Some(now())));
        assert!(sealer.is_own(&checked.certificate));
        let read = Document::load_mem(&sealed).unwrap();
        assert!(read.xref_recovery.is_none());
        assert_eq!(read.extract_text(&[1]).unwrap().trim(), "No. 123");
        let form = read.get_dict_in_dict(read.catalog().unwrap(), b"AcroForm").unwrap();
        let fields = form.get(b"Fields").unwrap().as_array().unwrap().len();
        assert_eq!(fields, usize::from(file != with_table(false)) + 1, "fields that were there stay");
    }
}

#[test]
fn a_changed_byte_anywhere_is_found() {
    let sealed = seal(&with_table(true), &sealer(), "", now()).unwrap();
    let text = sealed.windows(3).position(|word| word == b"123").unwrap();
    let mut changed = sealed.clone();
    changed[text] = b'9';
    assert_eq!(check(&changed), Err(Unsealed::Changed));
    let name = sealed.windows(6).position(|word| word == b"/Name ").unwrap();
    let mut changed = sealed.clone();
    changed[name + 12] ^= 1;
    assert_eq!(check(&changed), Err(Unsealed::Changed));
    let mut added = sealed.clone();
    added.extend_from_slice(b"% more\n");
    assert_eq!(check(&added), Err(Unsealed::Added));
    assert_eq!(check(&with_table(false)), Err(Unsealed::Unsigned));
    assert_eq!(check(b"no pdf"), Err(Unsealed::Unsigned));
    assert!(check(&sealed).is_ok());
}

#[test]
fn a_second_signature_leaves_the_first() {
    let (one, other) = (sealer(), sealer());
    let first = seal(&with_streams(), &one, "", now()).unwrap();
    let second = seal(&first, &other, "", now()).unwrap();
    assert!(second.starts_with(&first));
    assert!(other.is_own(&check(&second).unwrap().certificate));
    assert!(one.is_own(&check(&second[..first.len()]).unwrap().certificate));
}

#[test]
fn what_cannot_be_signed_says_why() {
    assert_eq!(inspect(b"MZ no pdf"), Err(PdfFault::Broken));
    assert_eq!(inspect(b"%PDF-1.7 and nothing more"), Err(PdfFault::Broken));
    let whole = with_table(false);
    assert_eq!(inspect(&whole[..whole.len() - 200]), Err(PdfFault::Broken), "cut off on its way");
    let mut moved = whole.clone();
    moved.splice(20..20, *b"%%%%\n");
    assert_eq!(inspect(&moved), Err(PdfFault::Broken), "readers would have to mend its table");
    let mut encrypted = document(false);
    encrypted.trailer.set("ID", Object::Array(vec![Object::string_literal("a"), Object::string_literal("a")]));
    let version = lopdf::EncryptionVersion::V2 {
        document: &encrypted,
        owner_password: "owner",
        user_password: "",
        key_length: 128,
        permissions: lopdf::Permissions::all(),
    };
    let state = lopdf::EncryptionState::try_from(version).unwrap();
    encrypted.encrypt(&state).unwrap();
    let mut bytes = Vec::new();
    encrypted.save_to(&mut bytes).unwrap();
    assert_eq!(inspect(&bytes), Err(PdfFault::Encrypted), "even where everybody may open it");
}

#[test]
fn a_key_and_its_certificate_belong_together() {
    let (one, other) = (Sealer::make_up("a", "a", now()).unwrap(), Sealer::make_up("b", "b", now()).unwrap());
    let with = |key: &[u8], certificate: &[u8]| Sealer::new(key, certificate).map(drop).unwrap_err();
    assert_eq!(with(&one.key, other.certificate.as_bytes()), pdfseal::SealerError::OtherKey);
    assert_eq!(with(b"key", one.certificate.as_bytes()), pdfseal::SealerError::Key);
    assert_eq!(with(&one.key, b"certificate"), pdfseal::SealerError::Certificate);
    let sealer = Sealer::new(&one.key, one.certificate.as_bytes()).unwrap();
    assert!(sealer.is_valid_at(now()) && !sealer.is_valid_at(now() - jiff::SignedDuration::from_secs(1)));
}

fn openssl(arguments: &[&str]) -> (bool, String) {
    let done = Command::new("openssl").args(arguments).output().unwrap();
    (done.status.success(), String::from_utf8_lossy(&done.stderr).into_owned())
}

/// The signature taken out of a file, and what it covers.
fn taken_apart(folder: &std::path::Path, sealed: &[u8]) {
    let from = sealed.windows(12).rposition(|word| word == b"/ByteRange [").unwrap() + 12;
    let numbers = std::str::from_utf8(&sealed[from..from + 40]).unwrap().split(']').next().unwrap();
    let numbers: Vec<usize> = numbers.split_ascii_whitespace().map(|number| number.parse().unwrap()).collect();
    let hex = std::str::from_utf8(&sealed[numbers[1] + 1..numbers[2] - 1]).unwrap();
    let cms: Vec<u8> = (0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[at * 2..at * 2 + 2], 16).unwrap()).collect();
    std::fs::write(folder.join("content"), [&sealed[..numbers[1]], &sealed[numbers[2]..]].concat()).unwrap();
    std::fs::write(folder.join("cms"), cms).unwrap();
}

#[test]
fn openssl_believes_both_kinds_of_key() {
    let folder = std::env::temp_dir().join(format!("pdfseal-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let at = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let subject = "/C=JP/O=Town/CN=Mayor";
    let (made, said) = openssl(&[
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "3650",
        "-subj",
        subject,
        "-keyout",
        &at("key"),
        "-out",
        &at("rsa"),
    ]);
    assert!(made, "{said}");
    let rsa = Sealer::new(&std::fs::read(at("key")).unwrap(), &std::fs::read(at("rsa")).unwrap()).unwrap();
    std::fs::write(at("p256"), sealer().certificates()).unwrap();
    let p256 = sealer();
    std::fs::write(at("p256"), p256.certificates()).unwrap();
    for (sealer, certificate) in [(rsa, "rsa"), (p256, "p256")] {
        let sealed = seal(&with_table(false), &sealer, "", now()).unwrap();
        check(&sealed).unwrap();
        taken_apart(&folder, &sealed);
        // The moment within the certificate's validity; the padding behind the signature is not part of it.
        let (right, said) = openssl(&[
            "cms",
            "-verify",
            "-cades",
            "-binary",
            "-inform",
            "DER",
            "-in",
            &at("cms"),
            "-content",
            &at("content"),
            "-CAfile",
            &at(certificate),
            "-purpose",
            "any",
            "-no_check_time",
            "-out",
            "/dev/null",
        ]);
        assert!(right, "{said}");
        std::fs::write(at("content"), b"another").unwrap();
        let (right, _) = openssl(&[
            "cms",
            "-verify",
            "-binary",
            "-inform",
            "DER",
            "-in",
            &at("cms"),
            "-content",
            &at("content"),
            "-CAfile",
            &at(certificate),
            "-purpose",
            "any",
            "-no_check_time",
            "-out",
            "/dev/null",
        ]);
        assert!(!right);
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

/// What readers of PDFs of another make say: Debian's poppler-utils.
#[test]
fn poppler_believes_tables_and_streams_and_sees_a_change() {
    let file = std::env::temp_dir().join(format!("pdfseal-{}.pdf", std::process::id()));
    let says = |bytes: &[u8]| {
        std::fs::write(&file, bytes).unwrap();
        let done = Command::new("pdfsig").arg("-nocert").arg(&file).output().expect("pdfsig of poppler-utils is installed");
        String::from_utf8_lossy(&done.stdout).into_owned()
    };
    for plain in [with_table(false), with_table(true), with_streams()] {
        let sealed = seal(&plain, &sealer(), "処分通知", now()).unwrap();
        let said = says(&sealed);
        for words in ["Signature is Valid", "Total document signed", "adbe.pkcs7.detached", "見本町長", "Jun 01 2026"] {
            assert!(said.contains(words), "{words}\n{said}");
        }
        let mut changed = sealed;
        let at = changed.windows(9).position(|word| word == b"/MediaBox").or(changed.windows(5).position(|word| word == b"%PDF-")).unwrap();
        changed[at + 1] ^= 1;
        assert!(!says(&changed).contains("Signature is Valid"));
    }
    std::fs::remove_file(&file).unwrap();
}
