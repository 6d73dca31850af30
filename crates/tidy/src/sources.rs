//! Rules about the text of source files: nothing unfinished, no SQL made by formatting, no file
//! that has grown past what one can keep in mind.

use crate::Finding;
use crate::code::{lines_naming, without_comments_and_literals};
use crate::tree::Tree;

/// The longest source file, in lines. The good ones are far shorter.
const LINES_MAX: usize = 400;

/// Files that may be longer, each with the reason. Generated files need no entry.
const LONG_FOR_A_REASON: [(&str, &str); 1] = [(
    "services/gateway/src/routes.rs",
    "one table of every route of the shop, and its tests",
)];

/// Words that mark unfinished work. Put together here so that this file does not hold them.
const MARKERS: [&str; 2] = [concat!("FIX", "ME"), concat!("XX", "X")];

/// Macros that compile where work is missing.
const STUBS: [&str; 2] = [concat!("to", "do!"), concat!("unimple", "mented!")];

/// How a query says that it passes over what others hold, at the end of a subquery.
const SKIPPED: &str = concat!("SKIP ", "LOCKED)");

/// Files in which a marker would be a note of ours.
const WRITTEN_BY_US: [&str; 8] = ["rs", "toml", "md", "yml", "yaml", "sql", "sh", "conf"];

/// Files with a marker or a stub in them.
pub fn unfinished(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.files() {
        let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
        if WRITTEN_BY_US.contains(&extension) {
            findings.extend(marked(path, text, &MARKERS, "finish it, or open an issue"));
        }
        if extension == "rs" {
            let code = without_comments_and_literals(text);
            findings.extend(marked(
                path,
                &code,
                &STUBS,
                "write it, or leave the route out",
            ));
        }
    }
    findings
}

fn marked(path: &str, text: &str, words: &[&str], advice: &str) -> Vec<Finding> {
    words
        .iter()
        .flat_map(|word| {
            lines_naming(text, word).into_iter().map(move |line| {
                Finding::new(format!("{path}:{line}"), format!("`{word}`: {advice}"))
            })
        })
        .collect()
}

/// Places that hand formatted text to the database as a query. Values are bound, and a name that
/// varies is chosen from a list: formatting is how injection starts.
pub fn formatted_sql(tree: &Tree) -> Vec<Finding> {
    tree.with_extension("rs")
        .filter(|(_, text)| {
            let code: String = without_comments_and_literals(text)
                .split_whitespace()
                .collect();
            ["sql_query(format!", "sql_query(&format!"]
                .iter()
                .any(|call| code.contains(call))
        })
        .map(|(path, _)| Finding::new(path, "a query made with `format!`; bind the values"))
        .collect()
}

/// Claims in subqueries that PostgreSQL may run more than once. Where rows are locked, skipped and limited to be changed, a join
/// may evaluate the subquery for each row of the table, and each time it takes others: a worker that expects one row locks up
/// many. A materialized CTE and an `ARRAY` are evaluated once.
pub fn repeatable_claims(tree: &Tree) -> Vec<Finding> {
    tree.with_extension("rs")
        .filter(|(path, text)| !is_test(path) && has_repeatable_claim(text))
        .map(|(path, _)| {
            let advice =
                "a claim in `FROM (` or `IN (`; say `WITH … AS MATERIALIZED (` or `= ANY (ARRAY (`";
            Finding::new(path, advice)
        })
        .collect()
}

fn has_repeatable_claim(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    let text = words.join(" ");
    text.match_indices(SKIPPED).any(|(at, _)| {
        let before = text.get(..at).unwrap_or_default();
        let last = |openings: &[&str]| openings.iter().filter_map(|one| before.rfind(one)).max();
        last(&["FROM (SELECT", "IN (SELECT", "IN ( SELECT"])
            > last(&["ARRAY", "AS (", "MATERIALIZED ("])
    })
}

/// Source files longer than the limit. Tests may be long: a table of cases reads well at any
/// length. Generated files are exempt.
pub fn overlong(tree: &Tree) -> Vec<Finding> {
    tree.with_extension("rs")
        .filter(|(path, text)| !is_test(path) && !is_generated(path, text))
        .filter(|(path, _)| LONG_FOR_A_REASON.iter().all(|(allowed, _)| allowed != path))
        .filter_map(|(path, text)| {
            let lines = text.lines().count();
            (lines > LINES_MAX).then(|| {
                Finding::new(
                    path,
                    format!("{lines} lines; split it, {LINES_MAX} is the limit"),
                )
            })
        })
        .collect()
}

fn is_test(path: &str) -> bool {
    path.contains("/tests/")
}

fn is_generated(path: &str, text: &str) -> bool {
    path.ends_with("/schema.rs")
        || text
            .lines()
            .next()
            .is_some_and(|first| first.contains("@generated"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unfinished_work_is_found_in_code_and_comments() {
        let [marker, _] = MARKERS;
        let [stub, _] = STUBS;
        let tree = Tree::of([
            ("a.rs", &format!("fn a() {{}}\n// {marker}: later")),
            ("b.rs", &format!("fn b() {{ {stub}() }}")),
            ("c.sql", &format!("-- {marker} later")),
        ]);
        let places: Vec<_> = unfinished(&tree)
            .into_iter()
            .map(|found| found.place)
            .collect();
        assert_eq!(places, ["a.rs:2", "b.rs:1", "c.sql:1"]);
    }

    #[test]
    fn a_finished_file_passes() {
        let tree = Tree::of([
            ("a.rs", "/// Never a stub.\nfn a() {}\n"),
            ("b.sh", "mktemp XXXXXX"),
        ]);
        assert_eq!(unfinished(&tree), []);
    }

    #[test]
    fn sql_made_by_formatting_is_found() {
        let tree = Tree::of([
            (
                "a.rs",
                "diesel::sql_query(\n    format!(\"SELECT {id}\"),\n)",
            ),
            ("b.rs", "sql_query(&format!(\"SET x = {y}\"))"),
            (
                "c.rs",
                "// never sql_query(format!(..))\ndiesel::sql_query(\"SELECT $1\").bind(id)",
            ),
        ]);
        let places: Vec<_> = formatted_sql(&tree)
            .into_iter()
            .map(|found| found.place)
            .collect();
        assert_eq!(places, ["a.rs", "b.rs"]);
    }

    #[test]
    fn claims_that_may_run_more_than_once_are_found() {
        let claim = |before: &str, after: &str| {
            let locked = "SELECT id FROM x LIMIT 1 FOR UPDATE";
            format!("\"UPDATE x {before}{locked} {SKIPPED}{after}\"")
        };
        let tree = Tree::of([
            (
                "a.rs",
                &claim("SET y = 1 FROM (", " due WHERE x.id = due.id"),
            ),
            ("b.rs", &claim("SET y = 1 WHERE id IN (\n  ", "")),
            ("c.rs", &claim("SET y = 1 WHERE id = ANY (ARRAY (", ")")),
            ("d.rs", &claim("WITH due AS MATERIALIZED (", " UPDATE x")),
            ("e.rs", "\"SELECT a FROM (SELECT 1) b\""),
        ]);
        let places: Vec<_> = repeatable_claims(&tree)
            .into_iter()
            .map(|found| found.place)
            .collect();
        assert_eq!(places, ["a.rs", "b.rs"]);
    }

    #[test]
    fn a_file_that_grew_too_long_is_found() {
        let long = "fn a() {}\n".repeat(LINES_MAX + 1);
        let tree = Tree::of([
            ("crates/x/src/lib.rs", &long),
            ("crates/x/tests/it/main.rs", &long),
            ("services/x/src/store/schema.rs", &long),
            (
                "crates/x/src/table.rs",
                &format!("// @generated by the build\n{long}"),
            ),
        ]);
        let places: Vec<_> = overlong(&tree)
            .into_iter()
            .map(|found| found.place)
            .collect();
        assert_eq!(places, ["crates/x/src/lib.rs"]);
    }
}
