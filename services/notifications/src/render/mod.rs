//! From what a mail tells to its subject, HTML and text.
//!
//! minijinja fills the MJML templates, escaping everything that is filled in, and mrml turns the result into HTML that
//! mail programs of all ages show. The text part has a template of its own, of which the first line is the subject.

mod templates;
#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, context};
use mrml::prelude::render::RenderOptions;
use serde_json::Value;

use crate::domain::template::Template;

/// What the first line of a text template begins with.
const SUBJECT: &str = "Subject: ";

/// What a mail tells.
#[derive(Debug, Clone, Default)]
pub(crate) struct Content {
    /// How to greet.
    pub(crate) name: Option<String>,
    /// What its button opens.
    pub(crate) link: Option<String>,
    /// When the link stops working.
    pub(crate) link_expires_at: Option<DateTime<Utc>>,
    /// What else it tells.
    pub(crate) facts: Value,
}

/// A mail that can be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rendered {
    pub(crate) subject: String,
    pub(crate) html: String,
    pub(crate) text: String,
}

/// Why a mail could not be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RenderError {
    /// A template is wrong, or lacks what it tells.
    #[error("template {name}: {cause}")]
    Template {
        /// The file.
        name: String,
        /// What is wrong with it; never with a value in it.
        cause: String,
    },
}

/// All templates, compiled.
pub(crate) struct Renderer {
    templates: Environment<'static>,
    shop: String,
}

impl Renderer {
    /// Compiles the templates; times are shown in `zone`.
    ///
    /// # Errors
    /// When a template is malformed.
    pub(crate) fn new(shop: &str, zone: Tz) -> Result<Self, RenderError> {
        let mut templates = Environment::new();
        templates.set_auto_escape_callback(|name| match name.rsplit_once('.') {
            Some((_, "mjml")) => AutoEscape::Html,
            _ => AutoEscape::None,
        });
        // A name that nothing gives is a mistake, but asking whether it is there is not.
        templates.set_undefined_behavior(UndefinedBehavior::SemiStrict);
        templates.add_filter("when", move |text: String| when(&text, zone));
        for (name, source) in templates::ALL {
            templates
                .add_template(name, source)
                .map_err(|error| wrong(name, &error))?;
        }
        Ok(Self {
            templates,
            shop: shop.to_owned(),
        })
    }

    /// Makes a mail.
    pub(crate) fn render(
        &self,
        template: Template,
        content: &Content,
    ) -> Result<Rendered, RenderError> {
        let text = self.fill(&format!("{template}.txt"), content)?;
        let (subject, text) = split_subject(template, &text)?;
        let mjml = self.fill(&format!("{template}.mjml"), content)?;
        let html = to_html(template, &mjml)?;
        Ok(Rendered {
            subject,
            html,
            text,
        })
    }

    fn fill(&self, name: &str, content: &Content) -> Result<String, RenderError> {
        let link_expires_at = content.link_expires_at.map(|at| at.to_rfc3339());
        let values = context! {
            shop => &self.shop,
            name => content.name.as_deref().map(one_line),
            // Undefined and not none: a mail without the link that it is about would be worse than no mail.
            link => content.link.as_deref().map_or(minijinja::Value::UNDEFINED, Into::into),
            link_expires_at => link_expires_at,
            facts => minijinja::Value::from(minijinja::value::Serde(&content.facts)),
        };
        self.templates
            .get_template(name)
            .and_then(|template| template.render(values))
            .map_err(|error| wrong(name, &error))
    }
}

/// A moment as people of the shop's country read it; a text that is no moment is shown as it is.
fn when(text: &str, zone: Tz) -> String {
    match DateTime::parse_from_rfc3339(text) {
        Ok(at) => at
            .with_timezone(&zone)
            .format("%A, %-d %B %Y at %H:%M (%Z)")
            .to_string(),
        Err(_) => one_line(text),
    }
}

/// Nothing that a person typed may begin a line of its own, in a text or in a header.
pub(crate) fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

fn split_subject(template: Template, text: &str) -> Result<(String, String), RenderError> {
    let parts = text
        .strip_prefix(SUBJECT)
        .and_then(|rest| rest.split_once("\n\n"));
    let (subject, text) = parts.ok_or_else(|| RenderError::Template {
        name: format!("{template}.txt"),
        cause: "the first line is not a subject, with an empty line after it".to_owned(),
    })?;
    let text = format!("{}\n", text.trim_end());
    Ok((one_line(subject.trim()), text))
}

fn to_html(template: Template, mjml: &str) -> Result<String, RenderError> {
    let wrong = |cause: String| RenderError::Template {
        name: format!("{template}.mjml"),
        cause,
    };
    let parsed = mrml::parse(mjml).map_err(|error| wrong(error.to_string()))?;
    let options = RenderOptions {
        // Nothing is fetched to show a mail: that would tell others who reads it, and when.
        fonts: std::collections::HashMap::new(),
        ..RenderOptions::default()
    };
    parsed
        .element
        .render(&options)
        .map_err(|error| wrong(error.to_string()))
}

/// Without the values: those are personal, and this goes to the log.
fn wrong(name: &str, error: &minijinja::Error) -> RenderError {
    let line = error
        .line()
        .map_or_else(String::new, |line| format!(" in line {line}"));
    RenderError::Template {
        name: name.to_owned(),
        cause: format!("{}{line}", error.kind()),
    }
}
