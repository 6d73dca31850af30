//! `agape openapi`: writes the API documents that the code describes.

use std::path::Path;

use anyhow::{Context, Result};
use utoipa::openapi::{InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder};

use crate::output::say;
use crate::services;
use crate::tree::Tree;

/// Writes `proto-docs/openapi/<service>.json` and the merged, public `agape.json`.
///
/// # Errors
/// A file cannot be written.
pub fn run(tree: &Tree) -> Result<()> {
    let folder = tree.root().join("proto-docs").join("openapi");
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot create {}", folder.display()))?;
    let mut merged = OpenApiBuilder::new().info(about()).build();
    for deployed in services::ALL {
        let document = (deployed.service.openapi)();
        write(&folder, deployed.service.name, &document)?;
        merged.merge(public_part(document));
    }
    write(&folder, "agape", &merged)
}

fn about() -> utoipa::openapi::Info {
    InfoBuilder::new()
        .title("Agape")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "The public API of the shop, as the gateway offers it.",
        ))
        .license(Some(
            LicenseBuilder::new()
                .name("MIT")
                .identifier(Some("MIT"))
                .build(),
        ))
        .build()
}

/// Without what only other services may call: the gateway never routes it.
fn public_part(mut document: OpenApi) -> OpenApi {
    document
        .paths
        .paths
        .retain(|path, _| !path.starts_with("/internal"));
    document
}

fn write(folder: &Path, name: &str, document: &OpenApi) -> Result<()> {
    let path = folder.join(format!("{name}.json"));
    let mut text = document.to_pretty_json()?;
    text.push('\n');
    std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    say(format_args!("wrote {}", path.display()));
    Ok(())
}
