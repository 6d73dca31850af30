//! Reading settings: defaults, an optional file, then the environment; every problem reported at once.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use config::{Config, Environment, File, Map, Source as _, Value};
use secrecy::SecretString;
use url::Url;

use crate::authorities;

/// Everything that is wrong with the settings, one line each.
#[derive(Debug, thiserror::Error)]
pub struct SettingsError {
    problems: Vec<String>,
}

impl SettingsError {
    /// One line for each problem, naming the variable and never its value.
    #[must_use]
    pub fn problems(&self) -> &[String] {
        &self.problems
    }
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} setting(s) are missing or wrong:",
            self.problems.len()
        )?;
        for problem in &self.problems {
            write!(f, "\n  {problem}")?;
        }
        Ok(())
    }
}

/// Reads the settings of one service by key (`database.url` is `AUTH__DATABASE__URL` in the environment).
///
/// A missing or unreadable value is noted and replaced by a placeholder, so that reading goes on and
/// [`Reader::finish`] can refuse with the whole list. A variable under the service's prefix that nothing read is a
/// problem too: a misspelt limit must not be ignored in silence.
pub struct Reader {
    prefix: String,
    values: Config,
    given: BTreeSet<String>,
    read: BTreeSet<String>,
    problems: Vec<String>,
}

impl Reader {
    /// Reads the process's environment, and the TOML file named by `<SERVICE>__CONFIG_FILE` below it.
    #[must_use]
    pub fn from_environment(service: &str) -> Self {
        Self::build(service, None)
    }

    /// Reads the given variables instead of the environment, for tests.
    #[must_use]
    pub fn from_pairs<'a>(
        service: &str,
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        let map = pairs
            .into_iter()
            .map(|(k, v)| (k.to_owned(), v.to_owned()))
            .collect();
        Self::build(service, Some(map))
    }

    fn build(service: &str, variables: Option<HashMap<String, String>>) -> Self {
        let prefix = service.to_uppercase().replace('-', "_");
        let mut problems = Vec::new();
        let environment = Environment::with_prefix(&prefix)
            .prefix_separator("__")
            .separator("__")
            .ignore_empty(true)
            .source(variables.map(Map::from_iter));
        let given: BTreeSet<String> = environment
            .collect()
            .unwrap_or_default()
            .into_keys()
            .collect();
        let mut builder = Config::builder();
        if let Some(path) = environment.collect().ok().and_then(|m| file_path(&m)) {
            builder = builder.add_source(File::from(path));
        }
        let values = builder
            .add_source(environment)
            .build()
            .unwrap_or_else(|error| {
                problems.push(format!("{prefix}__CONFIG_FILE: {error}"));
                Config::default()
            });
        let read = BTreeSet::from(["config_file".to_owned()]);
        Self {
            prefix,
            values,
            given,
            read,
            problems,
        }
    }

    /// The variable that sets `key`.
    #[must_use]
    pub fn variable(&self, key: &str) -> String {
        format!("{}__{}", self.prefix, key.to_uppercase().replace('.', "__"))
    }

    /// Notes a problem with `key`.
    pub fn problem(&mut self, key: &str, what: impl fmt::Display) {
        let variable = self.variable(key);
        self.problems.push(format!("{variable} {what}"));
    }

    /// A value that may be absent.
    pub fn optional(&mut self, key: &str) -> Option<String> {
        self.read.insert(key.to_owned());
        match self.values.get_string(key) {
            Ok(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
            Ok(_) | Err(config::ConfigError::NotFound(_)) => None,
            Err(_) => {
                self.problem(key, "is not a plain value");
                None
            }
        }
    }

    /// A value that must be there.
    pub fn required(&mut self, key: &str) -> String {
        self.optional(key).unwrap_or_else(|| {
            self.problem(key, "is missing");
            String::new()
        })
    }

    /// A value with a default.
    pub fn text(&mut self, key: &str, default: &str) -> String {
        self.optional(key).unwrap_or_else(|| default.to_owned())
    }

    /// A secret that must be there; it never shows in debug output.
    pub fn secret(&mut self, key: &str) -> SecretString {
        SecretString::from(self.required(key))
    }

    /// `true` or `false`.
    pub fn flag(&mut self, key: &str, default: bool) -> bool {
        match self.optional(key).as_deref() {
            None => default,
            Some("true" | "1" | "on" | "yes") => true,
            Some("false" | "0" | "off" | "no") => false,
            Some(_) => {
                self.problem(key, "must be true or false");
                default
            }
        }
    }

    /// A number within `least` and `most`.
    pub fn number<T>(&mut self, key: &str, default: T, least: T, most: T) -> T
    where
        T: FromStr + PartialOrd + Copy + fmt::Display,
    {
        let Some(text) = self.optional(key) else {
            return default;
        };
        match text.parse::<T>() {
            Ok(value) if value >= least && value <= most => value,
            _ => {
                self.problem(key, format_args!("must be a number from {least} to {most}"));
                default
            }
        }
    }

    /// A duration written in milliseconds; the key should end in `_ms`.
    pub fn millis(&mut self, key: &str, default: Duration) -> Duration {
        let default_ms = u64::try_from(default.as_millis()).unwrap_or(u64::MAX);
        Duration::from_millis(self.number(key, default_ms, 0, 86_400_000))
    }

    /// A duration written in seconds; the key should end in `_secs`.
    pub fn seconds(&mut self, key: &str, default: Duration) -> Duration {
        Duration::from_secs(self.number(key, default.as_secs(), 0, 366 * 86_400))
    }

    /// A URL; `default` of `None` makes it required.
    pub fn url(&mut self, key: &str, default: Option<&str>) -> Url {
        let text = match default {
            Some(default) => self.text(key, default),
            None => self.required(key),
        };
        let placeholder = || Url::parse("http://missing.invalid/").ok();
        match Url::parse(&text) {
            Ok(url) => url,
            Err(error) => {
                if !text.is_empty() {
                    self.problem(key, format_args!("is not a URL: {error}"));
                }
                #[expect(clippy::expect_used, reason = "a constant that parses")]
                placeholder().expect("a valid constant")
            }
        }
    }

    /// A comma-separated list, trimmed, without empty items.
    pub fn list(&mut self, key: &str, default: &[&str]) -> Vec<String> {
        match self.optional(key) {
            None => default.iter().map(|&s| s.to_owned()).collect(),
            Some(text) => text
                .split(',')
                .map(str::trim)
                .filter(|s| !s.is_empty())
                .map(str::to_owned)
                .collect(),
        }
    }

    /// The path of a file that must exist.
    pub fn file(&mut self, key: &str) -> PathBuf {
        let path = PathBuf::from(self.required(key));
        if !path.as_os_str().is_empty() && !path.is_file() {
            self.problem(key, "names a file that does not exist");
        }
        path
    }

    /// The certificate authorities in a PEM file, if one is named.
    pub fn authorities(&mut self, key: &str) -> Option<String> {
        let file = self.optional(key)?;
        let read = authorities::read(Path::new(&file));
        read.map_err(|problem| self.problem(key, format!("is no file of authorities: {problem}")))
            .ok()
    }

    /// The content of a secret file. One that every user of the machine may read is refused.
    pub fn secret_file(&mut self, key: &str) -> Vec<u8> {
        let path = self.required(key);
        if path.is_empty() {
            return Vec::new();
        }
        match read_secret(Path::new(&path)) {
            Ok(bytes) => bytes,
            Err(problem) => {
                self.problem(key, problem);
                Vec::new()
            }
        }
    }

    /// A value of a type that can be parsed from text; `default` must itself parse.
    pub fn parsed<T>(&mut self, key: &str, default: T) -> T
    where
        T: FromStr,
        T::Err: fmt::Display,
    {
        let Some(text) = self.optional(key) else {
            return default;
        };
        text.parse().unwrap_or_else(|error| {
            self.problem(key, format_args!("is not valid: {error}"));
            default
        })
    }

    /// Hands the settings over, or refuses with everything that is wrong.
    ///
    /// # Errors
    /// When anything was missing, wrong or unknown.
    pub fn finish<T>(mut self, settings: T) -> Result<T, SettingsError> {
        let unknown: Vec<String> = self
            .given
            .iter()
            .filter(|key| !self.read.contains(*key))
            .map(|key| format!("{} is not a setting of this service", self.variable(key)))
            .collect();
        self.problems.extend(unknown);
        if self.problems.is_empty() {
            return Ok(settings);
        }
        Err(SettingsError {
            problems: self.problems,
        })
    }
}

fn file_path(environment: &Map<String, Value>) -> Option<PathBuf> {
    environment
        .get("config_file")
        .and_then(|v| v.clone().into_string().ok())
        .map(PathBuf::from)
}

fn read_secret(path: &Path) -> Result<Vec<u8>, &'static str> {
    let metadata =
        std::fs::metadata(path).map_err(|_missing| "names a file that does not exist")?;
    if metadata.permissions().mode() & 0o007 != 0 {
        return Err("names a file that every user of this machine may read; chmod 600 it");
    }
    std::fs::read(path).map_err(|_unreadable| "names a file that cannot be read")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_is_reported_at_once() {
        let mut read = Reader::from_pairs(
            "auth",
            [
                ("AUTH__PORT", "99999999"),
                ("AUTH__LOCK__FAILUERS", "3"),
                ("OTHER__X", "1"),
            ],
        );
        read.required("database.url");
        read.number("port", 3001_u16, 1, u16::MAX);
        read.number("lock.failures", 5, 1, 100);
        let error = read.finish(()).unwrap_err();
        assert_eq!(
            error.problems(),
            [
                "AUTH__DATABASE__URL is missing",
                "AUTH__PORT must be a number from 1 to 65535",
                "AUTH__LOCK__FAILUERS is not a setting of this service",
            ]
        );
    }

    #[test]
    fn the_environment_wins_over_the_file() {
        let file = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
        std::fs::write(file.path(), "port = 1\n[database]\nurl = \"from-file\"\n").unwrap();
        let path = file.path().to_str().unwrap();
        let mut read =
            Reader::from_pairs("auth", [("AUTH__CONFIG_FILE", path), ("AUTH__PORT", "2")]);
        assert_eq!(read.number("port", 3, 0, 10), 2);
        assert_eq!(read.required("database.url"), "from-file");
        read.finish(()).unwrap();
    }

    #[test]
    fn a_secret_that_everyone_may_read_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(0o644)).unwrap();
        let path = file.path().to_str().unwrap();
        let mut read = Reader::from_pairs("auth", [("AUTH__FILE_KEY__FILE", path)]);
        read.secret_file("file_key.file");
        assert!(
            read.finish(())
                .unwrap_err()
                .to_string()
                .contains("every user")
        );
    }

    #[test]
    fn an_empty_variable_counts_as_absent() {
        let mut read = Reader::from_pairs("auth", [("AUTH__LOG__LEVEL", "")]);
        assert_eq!(read.text("log.level", "info"), "info");
        read.finish(()).unwrap();
    }
}
