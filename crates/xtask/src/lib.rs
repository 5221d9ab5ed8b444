//! What this repository checks of itself. `cargo test` runs it; `cargo run -p automl-pack-xtask` prints it.

mod schemas;

use std::{
    collections::{BTreeSet, HashSet},
    fs, io,
    path::{Path, PathBuf},
};

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// What is wrong with the repository, in words.
pub fn faults(root: &Path) -> io::Result<Vec<String>> {
    let spec = fs::read_to_string(root.join("crates/bundle/SPEC.md"))?;
    let mut faults = untested(&spec, &tests(root)?);
    for (path, schema) in schemas::generated() {
        if fs::read_to_string(root.join(path)).ok().as_deref() != Some(&schema) {
            faults.push(format!("{path} is not what the types say: `automl-pack-xtask write` writes it"));
        }
    }
    Ok(faults)
}

/// Writes what is generated.
pub fn write(root: &Path) -> io::Result<()> {
    schemas::generated().into_iter().try_for_each(|(path, schema)| {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap_or(root))?;
        fs::write(path, schema)
    })
}

/// Every paragraph of the specification that says MUST and ends without the name of a test, and every
/// name there that is no test's.
fn untested(spec: &str, tests: &HashSet<String>) -> Vec<String> {
    let mut faults = Vec::new();
    for paragraph in paragraphs(spec).filter(|paragraph| says_must(paragraph)) {
        let names = names_at_end(&paragraph);
        let shown: String = paragraph.chars().take(60).collect();
        if names.is_empty() {
            faults.push(format!("SPEC.md: a MUST without a test: {shown}…"));
        }
        let missing = names.into_iter().filter(|name| !tests.contains(name));
        faults.extend(missing.map(|name| format!("SPEC.md: no test is called {name}: {shown}…")));
    }
    faults
}

/// Items of lists and blocks of lines, each on one line. Tables and code are left out.
fn paragraphs(text: &str) -> impl Iterator<Item = String> {
    let mut paragraphs = vec![String::new()];
    for line in text.lines() {
        let begins_item = line.split_once(". ").is_some_and(|(number, _)| number.parse::<u32>().is_ok());
        if line.trim().is_empty() || begins_item || line.starts_with('#') {
            paragraphs.push(String::new());
        }
        if let Some(last) = paragraphs.last_mut().filter(|_| !line.starts_with(['|', '#'])) {
            *last += line.trim();
            last.push(' ');
        }
    }
    paragraphs.into_iter().filter(|paragraph| !paragraph.trim().is_empty())
}

/// The page's own sentences about MUST speak of the word.
fn says_must(paragraph: &str) -> bool {
    paragraph.contains("MUST") && !paragraph.contains("Every MUST")
}

/// The names in backticks that a paragraph ends with.
fn names_at_end(paragraph: &str) -> Vec<String> {
    let words = paragraph.split_whitespace().rev();
    let name = |word: &str| Some(word.strip_prefix('`')?.strip_suffix('`')?.to_owned());
    words.map_while(name).filter(|name| name.contains('_')).collect()
}

/// The names of all tests in the repository's Rust files.
fn tests(root: &Path) -> io::Result<HashSet<String>> {
    let mut names = HashSet::new();
    for file in rust_files(root)? {
        let text = fs::read_to_string(file)?;
        let mut lines = text.lines().map(str::trim).peekable();
        while let Some(line) = lines.next() {
            if line != "#[test]" {
                continue;
            }
            // A test that is left out holds nothing.
            let mut is_ignored = false;
            while let Some(attribute) = lines.next_if(|line| line.starts_with("#[")) {
                is_ignored |= attribute.starts_with("#[ignore");
            }
            if is_ignored {
                continue;
            }
            let function = lines.next().and_then(|line| line.strip_prefix("fn "));
            names.extend(function.and_then(|line| line.split('(').next()).map(str::to_owned));
        }
    }
    Ok(names)
}

fn rust_files(root: &Path) -> io::Result<BTreeSet<PathBuf>> {
    let mut files = BTreeSet::new();
    let mut waiting: Vec<PathBuf> =
        ["src", "tests", "crates"].iter().map(|folder| root.join(folder)).collect();
    while let Some(folder) = waiting.pop() {
        for item in fs::read_dir(folder)? {
            let path = item?.path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.insert(path);
            }
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_repository_is_as_it_says() {
        let faults = faults(&root()).unwrap();
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }

    #[test]
    fn a_must_without_a_test_is_a_fault() {
        let tests = HashSet::from(["a_test".to_owned()]);
        let spec =
            "1. It MUST be so.\n   `a_test`\n2. It MUST\n   be. `no_test`\n3. It MUST too.\n\nIt MAY.\n";
        assert_eq!(
            untested(spec, &tests),
            [
                "SPEC.md: no test is called no_test: 2. It MUST be. `no_test` …",
                "SPEC.md: a MUST without a test: 3. It MUST too. …"
            ]
        );
    }
}
