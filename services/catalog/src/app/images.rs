//! Looking after the pictures of a product.

use common::auth::CurrentUser;
use diesel_async::AsyncConnection as _;
use diesel_async::AsyncPgConnection;
use serde_json::json;
use uuid::Uuid;

use super::Error;
use super::find::ProductView;
use super::products::{NewImage, check_version, kind_of};
use super::variants::touch;
use crate::domain::ids::ProductId;
use crate::startup::AppState;
use crate::store::images::{self, ImageRow};
use crate::store::products;
use crate::store::variants;

/// As many as a product may have.
pub(crate) const IMAGES_MAX: usize = 20;

/// What to do with the pictures of a product.
#[derive(Debug, Clone)]
pub(crate) enum ImageChange {
    /// One more, behind the others.
    Add(NewImage),
    /// One is another.
    Change(Uuid, ImagePart),
    /// One is gone.
    Remove(Uuid),
}

/// What of a picture is to be another.
#[derive(Debug, Clone, Default)]
pub(crate) struct ImagePart {
    pub(crate) alt: Option<String>,
    pub(crate) is_thumbnail: Option<bool>,
    /// Its place among the pictures, from 0.
    pub(crate) position: Option<usize>,
}

/// Changes the pictures of a product; the product is another then.
pub(crate) async fn change_images(
    state: &AppState,
    caller: &CurrentUser,
    id: ProductId,
    change: ImageChange,
    version: Option<i64>,
) -> Result<ProductView, Error> {
    let trail = state.trail();
    let mut conn = state.db.get().await?;
    let changed = conn
        .transaction(async |conn| {
            let product = products::lock(conn, id).await?;
            let product = product.ok_or(Error::NotFound("product"))?;
            check_version(version, product.version)?;
            let before = images::of(conn, &[id.0]).await?;
            let after = apply(before, id, &change)?;
            write(conn, id, &after).await?;
            let entity = ("product", id.0.to_string());
            let facts = json!({ "images": after.len() });
            trail
                .audit(conn, caller, "product.images_changed", entity, facts)
                .await?;
            let variants = variants::of(conn, id).await?;
            touch(conn, &trail, product, &variants).await
        })
        .await;
    drop(conn);
    state.answers.after(changed).await
}

fn apply(
    mut images: Vec<ImageRow>,
    product: ProductId,
    change: &ImageChange,
) -> Result<Vec<ImageRow>, Error> {
    match change {
        ImageChange::Add(_) if images.len() >= IMAGES_MAX => {
            return Err(Error::InvalidState("the product has 20 images already"));
        }
        ImageChange::Add(new) => images.push(new.row(product.0, 0)),
        ImageChange::Remove(id) => {
            let at = place(&images, *id)?;
            images.remove(at);
        }
        ImageChange::Change(id, part) => {
            let at = place(&images, *id)?;
            let mut image = images.remove(at);
            image.alt = part.alt.clone().unwrap_or(image.alt);
            if let Some(is_thumbnail) = part.is_thumbnail {
                image.kind = kind_of(is_thumbnail).to_owned();
            }
            let to = part.position.unwrap_or(at).min(images.len());
            images.insert(to, image);
        }
    }
    for (image, position) in images.iter_mut().zip(0..) {
        image.position = position;
    }
    Ok(images)
}

fn place(images: &[ImageRow], id: Uuid) -> Result<usize, Error> {
    let found = images.iter().position(|image| image.id == id);
    found.ok_or(Error::NotFound("image"))
}

async fn write(
    conn: &mut AsyncPgConnection,
    product: ProductId,
    images: &[ImageRow],
) -> Result<(), Error> {
    images::delete_of(conn, product).await?;
    Ok(images::insert(conn, images).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(url: &str) -> NewImage {
        NewImage {
            asset_id: None,
            url: url.to_owned(),
            alt: String::new(),
            is_thumbnail: false,
        }
    }

    #[test]
    fn pictures_keep_an_order_without_gaps() {
        let product = ProductId(Uuid::nil());
        let mut images = Vec::new();
        for url in ["a", "b", "c"] {
            images = apply(images, product, &ImageChange::Add(image(url))).unwrap();
        }
        let to_front = ImagePart {
            position: Some(0),
            ..ImagePart::default()
        };
        let (first, last) = (images[0].id, images[2].id);
        images = apply(images, product, &ImageChange::Change(last, to_front)).unwrap();
        images = apply(images, product, &ImageChange::Remove(first)).unwrap();
        let order: Vec<(&str, i32)> = images
            .iter()
            .map(|i| (i.url.as_str(), i.position))
            .collect();
        assert_eq!(order, [("c", 0), ("b", 1)]);
        assert!(apply(images, product, &ImageChange::Remove(first)).is_err());
    }
}
