//! Runs the conformance suite of the Common Expression Language against the one-person evaluator.
//!
//! Cases of what is not offered are listed in `conformance/not_offered.txt`, one `kind<TAB>name` a line. The test fails when a listed case
//! passes or another one fails. `TEGATA_WRITE_CONFORMANCE=1` writes the list anew; look at the difference before committing it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use jiff::SignedDuration;
use rule::Value;
use rule::cel::{Env, Program, Type};
use serde_json::Value as Json;

const SUITE: &str = include_str!("conformance/suite.json");
const NOT_OFFERED: &str = include_str!("conformance/not_offered.txt");

#[test]
fn every_case_of_the_offered_language_passes() {
    let suite: Vec<Json> = serde_json::from_str(SUITE).expect("the suite is JSON");
    let outcomes: Vec<(&str, &Json, Result<(), String>)> =
        suite.iter().map(|case| (case["name"].as_str().unwrap_or(""), case, run(case))).collect();
    let failing: BTreeMap<&str, &str> =
        outcomes.iter().filter(|(_, _, outcome)| outcome.is_err()).map(|(name, case, _)| (*name, kind(name, case))).collect();
    if std::env::var_os("TEGATA_WRITE_CONFORMANCE").is_some() {
        write_list(&failing);
        for (name, _, outcome) in outcomes.iter().filter(|(name, ..)| failing.get(name) == Some(&"UNEXPLAINED")) {
            println!("{name}: {}", outcome.as_ref().expect_err("it fails"));
        }
    }
    let listed: BTreeMap<&str, &str> = NOT_OFFERED
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('\t').map(|(kind, name)| (name, kind)))
        .collect();
    let mut wrong: Vec<String> = Vec::new();
    for (name, _, outcome) in &outcomes {
        match (outcome, listed.contains_key(name)) {
            (Err(why), false) => wrong.push(format!("{name} fails: {why}")),
            (Ok(()), true) => wrong.push(format!("{name} passes but is listed as not offered")),
            _ => {}
        }
    }
    assert!(suite.len() >= 2_344, "the whole suite is run");
    assert!(listed.values().all(|kind| *kind != "UNEXPLAINED"), "every case not offered has its kind");
    assert!(wrong.is_empty(), "{} cases changed side:\n{}", wrong.len(), wrong.join("\n"));
}

/// How many of the suite's deduced types the checker deduces; those of messages and extensions it cannot.
#[test]
fn deduced_types_are_those_of_the_suite() {
    let suite: Vec<Json> = serde_json::from_str(SUITE).expect("the suite is JSON");
    let mut differing = Vec::new();
    let mut checked = 0;
    for case in suite.iter().filter(|case| !is_not_offered(case)) {
        // Where a case states its type itself, the other test compares it.
        let Some(wanted) = case["type"].as_str().filter(|_| case.get("typedResult").is_none()) else { continue };
        let (Ok(env), Some(source)) = (environment(case), case["expr"].as_str()) else { continue };
        let Ok(program) = Program::new(source, &env) else { continue };
        checked += 1;
        let found = program.result_type();
        if found != wanted.replace("google.protobuf.Timestamp", "timestamp").replace("google.protobuf.Duration", "duration") {
            differing.push(format!("{}: {source}: {found}, the suite says {wanted}", case["name"]));
        }
    }
    println!("{checked} types checked, {} differ", differing.len());
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

/// The book tells the same numbers.
#[test]
fn the_documented_counts_are_those_of_the_list() {
    let book = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/rules.md")).expect("the book is there");
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    NOT_OFFERED.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('\t')).for_each(|(kind, _)| {
        *counts.entry(kind).or_default() += 1;
    });
    assert!(!counts.is_empty());
    for (kind, count) in counts {
        assert!(book.contains(&format!("| {kind} | {count} |")), "docs/rules.md says how many cases of {kind} there are: {count}");
    }
}

fn write_list(failing: &BTreeMap<&str, &str>) {
    let mut lines: Vec<String> = failing.iter().map(|(name, kind)| format!("{kind}\t{name}")).collect();
    lines.sort();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    failing.values().for_each(|kind| *counts.entry(kind).or_default() += 1);
    let head: Vec<String> = counts.iter().map(|(kind, count)| format!("# {count:4} {kind}")).collect();
    let text = format!("# Cases of the CEL conformance suite that are not offered, by kind.\n{}\n{}\n", head.join("\n"), lines.join("\n"));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/not_offered.txt");
    std::fs::write(path, text).expect("the list can be written");
}

/// Why a case is not offered.
fn kind(name: &str, case: &Json) -> &'static str {
    let group = name.split('/').next().unwrap_or("");
    let text = case.to_string();
    match group {
        "math_ext" => "extension math",
        "string_ext" => "extension strings",
        "encoders_ext" => "extension encoders",
        "block_ext" => "extension block",
        "network_ext" => "extension network",
        "proto2_ext" => "protobuf extensions",
        "proto2" | "proto3" => "protobuf messages",
        "enums" => "protobuf enums",
        "wrappers" => "protobuf wrappers",
        _ if ["TestAllTypes", "NestedTestAllTypes", "objectValue", "proto2", "proto3"].iter().any(|word| text.contains(word)) => {
            "protobuf messages"
        }
        "dynamic" if text.contains("Value{") => "protobuf wrappers",
        _ if text.contains("google.protobuf.") && text.contains("Value") => "protobuf wrappers",
        _ if text.contains("google.protobuf.") => "protobuf messages",
        _ => "UNEXPLAINED",
    }
}

fn is_not_offered(case: &Json) -> bool {
    kind(case["name"].as_str().unwrap_or(""), case) != "UNEXPLAINED"
}

fn run(case: &Json) -> Result<(), String> {
    let source = case["expr"].as_str().ok_or("no expression")?;
    let env = environment(case)?;
    let program = Program::new(source, &env).map_err(|error| format!("does not parse: {error}"))?;
    if case["disableCheck"] != true {
        if let Some(diagnostic) = program.diagnostics().first()
            && case.get("evalError").is_none()
        {
            return Err(format!("does not check: {diagnostic}"));
        }
        if let Some(wanted) = case.pointer("/typedResult/deducedType") {
            let wanted = written_type(wanted)?;
            if wanted != program.result_type() {
                return Err(format!("deduced {}, not {wanted}", program.result_type()));
            }
        }
    }
    if case["checkOnly"] == true {
        return Ok(());
    }
    let result = program.run(&bindings(case)?);
    let wanted = case.get("value").or(case.pointer("/typedResult/result"));
    match (result, wanted) {
        (Err(_), None) if case.get("evalError").is_some() && !program.diagnostics().is_empty() && is_not_offered(case) => {
            Err("fails only because what it uses is not offered".into())
        }
        (Err(_), None) if case.get("evalError").is_some() => Ok(()),
        (Ok(found), Some(wanted)) => same(&found, &value(wanted)?).then_some(()).ok_or(format!("gives {found:?}, not {wanted}")),
        (Ok(found), None) if case.get("evalError").is_none() => {
            same(&found, &Value::Bool(true)).then_some(()).ok_or(format!("gives {found:?}"))
        }
        (found, _) => Err(format!("gives {found:?}")),
    }
}

/// Equal in kind and value, a NaN to a NaN, maps in any order.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Double(x), Value::Double(y)) => x.to_bits() == y.to_bits() || x == y || x.is_nan() && y.is_nan(),
        (Value::List(x), Value::List(y)) => x.len() == y.len() && x.iter().zip(y.iter()).all(|(x, y)| same(x, y)),
        (Value::Map(x), Value::Map(y)) => x.len() == y.len() && x.iter().all(|(k, v)| y.iter().any(|(l, w)| same(k, l) && same(v, w))),
        (Value::Optional(Some(x)), Value::Optional(Some(y))) => same(x, y),
        _ => a.kind() == b.kind() && rule::equal(a, b),
    }
}

/// Variables in the order of [`bindings`]: those bound first, then those only declared.
fn environment(case: &Json) -> Result<Env, String> {
    let mut env = Env::new().container(case["container"].as_str().unwrap_or(""));
    let declared = case["typeEnv"].as_array().cloned().unwrap_or_default();
    let declared_type = |name: &str| declared.iter().find(|entry| entry["name"] == name).and_then(|entry| entry.pointer("/ident/type"));
    let bound = bound_names(case);
    for name in &bound {
        let ty = declared_type(name).map(parse_type).transpose()?.unwrap_or(Type::DYN);
        env = env.variable(name, ty);
    }
    for entry in &declared {
        let name = entry["name"].as_str().unwrap_or("");
        if let Some(ty) = entry.pointer("/ident/type")
            && !bound.iter().any(|bound| bound == name)
            && case["disableCheck"] != true
            && (bound.is_empty() || case["checkOnly"] == true)
        {
            env = env.variable(name, parse_type(ty)?);
        }
        for overload in entry.pointer("/function/overloads").and_then(Json::as_array).into_iter().flatten() {
            let params = overload["params"].as_array().into_iter().flatten().map(parse_type).collect::<Result<_, _>>()?;
            env = env.function(name, overload["isInstanceFunction"] == true, params, parse_type(&overload["resultType"])?);
        }
    }
    Ok(env)
}

fn bound_names(case: &Json) -> Vec<String> {
    case["bindings"].as_object().map(|bindings| bindings.keys().cloned().collect()).unwrap_or_default()
}

fn bindings(case: &Json) -> Result<Vec<Value>, String> {
    bound_names(case).iter().map(|name| value(&case["bindings"][name]["value"])).collect()
}

fn parse_type(json: &Json) -> Result<Type, String> {
    let (key, inner) = json.as_object().and_then(|object| object.iter().next()).ok_or("no type")?;
    let params = |list: &Json| list.as_array().into_iter().flatten().map(parse_type).collect::<Result<Vec<_>, _>>();
    let or_dyn = |json: &Json| if json.is_null() { Ok(Type::DYN) } else { parse_type(json) };
    Ok(match key.as_str() {
        "primitive" => Type::named(
            match inner.as_str().unwrap_or("") {
                "BOOL" => "bool",
                "INT64" => "int",
                "UINT64" => "uint",
                "DOUBLE" => "double",
                "STRING" => "string",
                _ => "bytes",
            },
            vec![],
        ),
        "listType" => Type::named("list", vec![or_dyn(&inner["elemType"])?]),
        "mapType" => Type::named("map", vec![or_dyn(&inner["keyType"])?, or_dyn(&inner["valueType"])?]),
        "wellKnown" => Type::named(
            match inner.as_str().unwrap_or("") {
                "TIMESTAMP" => "timestamp",
                "DURATION" => "duration",
                other => return Err(format!("the type {other} is not offered")),
            },
            vec![],
        ),
        "dyn" => Type::DYN,
        "null" => Type::named("null", vec![]),
        "type" => Type::named("type", vec![or_dyn(inner).unwrap_or(Type::DYN)]),
        "abstractType" => Type::named(inner["name"].as_str().unwrap_or(""), params(&inner["parameterTypes"])?),
        "typeParam" => Type::letter(inner.as_str().and_then(|letter| letter.bytes().next()).unwrap_or(b'A')),
        other => return Err(format!("the type {other} is not offered")),
    })
}

fn written_type(json: &Json) -> Result<String, String> {
    let env = Env::new().variable("x", parse_type(json)?);
    Program::new("x", &env).map(|program| program.result_type()).map_err(|error| error.to_string())
}

fn value(json: &Json) -> Result<Value, String> {
    let (key, inner) = json.as_object().and_then(|object| object.iter().next()).ok_or("no value")?;
    let text = inner.as_str().unwrap_or("");
    Ok(match key.as_str() {
        "nullValue" => Value::Null,
        "boolValue" => Value::Bool(inner == true),
        "int64Value" => Value::Int(text.parse().map_err(|_| format!("int {inner}"))?),
        "uint64Value" => Value::Uint(text.parse().map_err(|_| format!("uint {inner}"))?),
        "doubleValue" => Value::Double(text.parse().map_err(|_| format!("double {inner}"))?),
        "stringValue" => text.into(),
        "bytesValue" => Value::Bytes(base64::engine::general_purpose::STANDARD.decode(text).map_err(|error| error.to_string())?.into()),
        "listValue" => Value::List(Arc::new(inner["values"].as_array().into_iter().flatten().map(value).collect::<Result<_, _>>()?)),
        "mapValue" => {
            let entries = inner["entries"].as_array().into_iter().flatten();
            Value::Map(Arc::new(entries.map(|entry| Ok((value(&entry["key"])?, value(&entry["value"])?))).collect::<Result<_, String>>()?))
        }
        "typeValue" => Value::Type(text.into()),
        "objectValue" => object(inner)?,
        other => return Err(format!("the value {other} is not offered")),
    })
}

fn object(json: &Json) -> Result<Value, String> {
    let text = json["value"].as_str().unwrap_or("");
    let run = |source: String| Program::new(&source, &Env::new()).map_err(|e| e.to_string())?.run(&[]).map_err(|e| e.to_string());
    match json["@type"].as_str().unwrap_or("") {
        "type.googleapis.com/google.protobuf.Timestamp" => run(format!("timestamp({text:?})")),
        "type.googleapis.com/google.protobuf.Duration" => {
            let seconds: f64 = text.trim_end_matches('s').parse().map_err(|_| "duration")?;
            let exact = run(format!("duration({text:?})"));
            Ok(exact.unwrap_or(Value::Duration(SignedDuration::from_secs_f64(seconds))))
        }
        other => Err(format!("the message {other} is not offered")),
    }
}
