//! From records to products: what the columns mean.

use common::csv::{Record, RowError};
use garde::Validate as _;
use serde_json::Value;

use crate::app::import::{Entry, ProductPart, VariantPart};
use crate::app::products::Dimensions;
use crate::http::product_input::{self as input, ImageInput, ImageKind, SizeInput};

/// What a file may say, in the order in which it is exported.
pub(crate) const COLUMNS: [&str; 21] = [
    "sku",
    "title",
    "slug",
    "shortDescription",
    "description",
    "price",
    "currency",
    "weight",
    "length",
    "width",
    "height",
    "category",
    "tags",
    "isActive",
    "isFeatured",
    "images",
    "variantSku",
    "variantName",
    "priceDelta",
    "options",
    "initialStock",
];

/// One row: fields under the names of their columns. An empty one counts as absent.
struct Row<'a> {
    number: u64,
    columns: &'a [&'static str],
    fields: &'a [String],
}

/// Reads a record as a product with at most one variant.
pub(super) fn entry(
    number: u64,
    columns: &[&'static str],
    fields: &Record,
    hosts: &[String],
) -> Result<Entry, RowError> {
    if fields.len() != columns.len() {
        let message = format!("must have {} columns", columns.len());
        return Err(RowError::whole(number, &message));
    }
    let row = Row {
        number,
        columns,
        fields,
    };
    let sku = row.given("sku").unwrap_or_default();
    row.check("sku", input::check_sku(sku, &()))?;
    Ok(Entry {
        row: number,
        sku: sku.to_owned(),
        product: row.product(hosts)?,
        variants: row.variant()?.into_iter().collect(),
    })
}

impl Row<'_> {
    fn given(&self, column: &str) -> Option<&str> {
        let at = self.columns.iter().position(|one| *one == column)?;
        let field = self.fields.get(at)?.as_str();
        (!field.is_empty()).then_some(field)
    }

    fn refuse(&self, column: &str, why: &(impl ToString + ?Sized)) -> RowError {
        RowError::of(self.number, column, why)
    }

    fn check(&self, column: &str, checked: garde::Result) -> Result<(), RowError> {
        checked.map_err(|error| self.refuse(column, error.message()))
    }

    fn text(&self, column: &str, chars_max: usize) -> Result<Option<String>, RowError> {
        match self.given(column) {
            Some(text) if text.chars().count() > chars_max => {
                let why = format!("must be at most {chars_max} characters");
                Err(self.refuse(column, &why))
            }
            given => Ok(given.map(str::to_owned)),
        }
    }

    fn parsed<T: std::str::FromStr>(
        &self,
        column: &str,
        what: &str,
    ) -> Result<Option<T>, RowError> {
        let parsed = self.given(column).map(str::parse);
        parsed
            .transpose()
            .map_err(|_malformed| self.refuse(column, &what))
    }

    fn number_in(&self, column: &str, least: i32, most: i32) -> Result<Option<i32>, RowError> {
        let what = format!("must be a whole number from {least} to {most}");
        match self.parsed(column, &what)? {
            Some(number) if !(least..=most).contains(&number) => Err(self.refuse(column, &what)),
            number => Ok(number),
        }
    }

    fn product(&self, hosts: &[String]) -> Result<ProductPart, RowError> {
        let title = self.given("title");
        if let Some(title) = title {
            self.check("title", input::check_title(title, &()))?;
        }
        let amount = "must be a price with at most two decimals";
        let flag = "must be true or false";
        Ok(ProductPart {
            slug: self.given("slug").map(str::to_owned),
            title: title.map(str::to_owned),
            short_description: self.text("shortDescription", 500)?,
            description: self.text("description", 20_000)?,
            price: self.parsed("price", amount)?,
            currency: self.parsed("currency", "must be one of the shop's currencies")?,
            weight_grams: self.number_in("weight", 0, 1_000_000)?,
            dimensions: self.dimensions()?,
            category: self.given("category").map(str::to_owned),
            tags: self.tags()?,
            is_active: self.parsed("isActive", flag)?,
            is_featured: self.parsed("isFeatured", flag)?,
            images: self.images(hosts)?,
        })
    }

    fn dimensions(&self) -> Result<Option<Dimensions>, RowError> {
        let side = |column| self.number_in(column, 1, 100_000);
        match (side("length")?, side("width")?, side("height")?) {
            (None, None, None) => Ok(None),
            (Some(length), Some(width), Some(height)) => {
                let size = SizeInput {
                    length,
                    width,
                    height,
                };
                Ok(Some(size.into()))
            }
            _ => Err(self.refuse("length", "length, width and height belong together")),
        }
    }

    fn tags(&self) -> Result<Option<Vec<String>>, RowError> {
        let Some(text) = self.given("tags") else {
            return Ok(None);
        };
        let tags = text.split(',').filter(|tag| !tag.trim().is_empty());
        let tags = input::tags(tags.map(str::to_owned).collect());
        if tags.len() > 50 {
            return Err(self.refuse("tags", "must be at most 50"));
        }
        for tag in &tags {
            self.check("tags", input::check_tag(tag, &()))?;
        }
        Ok(Some(tags))
    }

    fn images(
        &self,
        hosts: &[String],
    ) -> Result<Option<Vec<crate::app::products::NewImage>>, RowError> {
        let Some(text) = self.given("images") else {
            return Ok(None);
        };
        let image = |(at, url): (usize, &str)| ImageInput {
            url: url.to_owned(),
            alt: String::new(),
            kind: if at == 0 {
                ImageKind::Thumbnail
            } else {
                ImageKind::Gallery
            },
        };
        let inputs: Vec<ImageInput> = text.split_whitespace().enumerate().map(image).collect();
        if inputs.len() > input::IMAGES_MAX || inputs.iter().any(|one| one.validate().is_err()) {
            return Err(self.refuse("images", "must be at most 20 URLs with blanks between them"));
        }
        let images = input::images(inputs, hosts);
        images
            .map(Some)
            .map_err(|_malformed| self.refuse("images", "must be URLs on the shop's picture hosts"))
    }

    fn variant(&self) -> Result<Option<VariantPart>, RowError> {
        let Some(sku) = self.given("variantSku") else {
            let alone = ["variantName", "priceDelta", "options", "initialStock"];
            let stray = alone
                .into_iter()
                .find(|column| self.given(column).is_some());
            return match stray {
                Some(column) => Err(self.refuse(column, "needs a variantSku")),
                None => Ok(None),
            };
        };
        self.check("variantSku", input::check_sku(sku, &()))?;
        Ok(Some(VariantPart {
            sku: sku.to_owned(),
            name: self.text("variantName", 100)?,
            price_delta: self
                .parsed("priceDelta", "must be an amount with at most two decimals")?,
            options: self.options()?,
            initial_stock: self.number_in("initialStock", 0, 1_000_000)?.map(i64::from),
        }))
    }

    fn options(&self) -> Result<Option<Value>, RowError> {
        let Some(text) = self.given("options") else {
            return Ok(None);
        };
        let options: Value = serde_json::from_str(text)
            .map_err(|_malformed| self.refuse("options", "must be JSON"))?;
        self.check("options", input::small_object(&options, &()))?;
        Ok(Some(options))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 7] = [
        "sku",
        "title",
        "price",
        "tags",
        "isActive",
        "images",
        "variantSku",
    ];

    fn read(fields: [&str; 7]) -> Result<Entry, RowError> {
        let fields = fields.map(str::to_owned).to_vec();
        entry(7, &NAMES, &fields, &["res.cloudinary.com".to_owned()])
    }

    #[test]
    fn a_row_says_a_product_and_one_variant_of_it() {
        let url = "https://res.cloudinary.com/shop/lace.jpg";
        let entry = read([
            "LACE",
            "Royal lace",
            "48500.50",
            "Lace, wedding",
            "",
            url,
            "LACE-GOLD",
        ])
        .unwrap();
        assert_eq!((entry.row, entry.sku.as_str()), (7, "LACE"));
        let tags = ["lace".to_owned(), "wedding".to_owned()];
        assert_eq!(entry.product.tags.as_deref(), Some(tags.as_slice()));
        assert_eq!(entry.product.is_active, None);
        assert_eq!(entry.product.images.unwrap().len(), 1);
        assert_eq!(entry.variants[0].sku, "LACE-GOLD");
    }

    #[test]
    fn a_row_that_is_wrong_says_where() {
        for (fields, column) in [
            (["", "T", "1", "", "", "", ""], "sku"),
            (["A", "T", "1.005", "", "", "", ""], "price"),
            (["A", "T", "-1", "", "", "", ""], "price"),
            (["A", "T", "1", "", "yes", "", ""], "isActive"),
            (
                ["A", "T", "1", "", "", "https://evil.example/x", ""],
                "images",
            ),
        ] {
            let error = read(fields).unwrap_err();
            assert_eq!((error.row, error.field.as_deref()), (7, Some(column)));
        }
    }
}
