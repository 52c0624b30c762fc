//! Links of the book lead somewhere.

use std::path::Path;

use crate::{files, none, root, text};

/// Targets of the Markdown and HTML links of a page, code left out, with the line they stand in.
fn targets(page: &str) -> Vec<(usize, String)> {
    let mut targets = Vec::new();
    let mut in_code = false;
    for (number, line) in page.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        if in_code {
            continue;
        }
        // Every second part stands between backticks.
        let prose: String = line.split('`').step_by(2).collect::<Vec<_>>().join("");
        for (mark, end) in [("](", ')'), ("src=\"", '"'), ("href=\"", '"')] {
            targets.extend(prose.split(mark).skip(1).filter_map(|rest| Some((number + 1, rest.split_once(end)?.0.to_owned()))));
        }
    }
    targets
}

/// The name under which a heading can be linked to.
fn anchor(heading: &str) -> String {
    let kept =
        heading.trim().to_lowercase().chars().filter(|c| c.is_alphanumeric() || *c == ' ' || *c == '-' || *c == '_').collect::<String>();
    kept.replace(' ', "-")
}

fn has_anchor(page: &str, wanted: &str) -> bool {
    page.lines().filter(|line| line.starts_with('#')).any(|line| anchor(line.trim_start_matches('#')) == wanted)
}

#[test]
fn links_lead_somewhere() {
    let mut found = Vec::new();
    let mut seen = 0;
    for path in files().into_iter().filter(|path| path.ends_with(".md")) {
        let page = text(&path);
        for (number, target) in targets(&page) {
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            seen += 1;
            let (file, wanted) = target.split_once('#').map_or((target.as_str(), None), |(file, wanted)| (file, Some(wanted)));
            let folder = Path::new(&path).parent().unwrap_or(Path::new(""));
            let at = if file.is_empty() { root().join(&path) } else { root().join(folder).join(file) };
            let leads = at.exists()
                && wanted.is_none_or(|wanted| !at.is_file() || std::fs::read_to_string(&at).is_ok_and(|page| has_anchor(&page, wanted)));
            if !leads {
                found.push(format!("{path}:{number}: {target}"));
            }
        }
    }
    assert!(seen > 20, "only {seen} links were found");
    none("links that lead nowhere", &found);
}
