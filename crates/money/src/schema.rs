//! How amounts and currencies look in published documents: OpenAPI, and the schemas of events.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{RefOr, schema};
use utoipa::{PartialSchema, ToSchema};

use crate::{Amount, Currency, SignedAmount};

const AMOUNT: &str = "An amount with at most two decimals; a decimal string is read as well.";
const CURRENCY: &str = "An ISO 4217 code.";

fn codes() -> [&'static str; Currency::ALL.len()] {
    Currency::ALL.map(Currency::code)
}

fn number() -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(SchemaType::new(Type::Number))
        .multiple_of(Some(0.01))
        .description(Some(AMOUNT))
        .examples([serde_json::json!(1500.00)])
}

impl PartialSchema for Amount {
    fn schema() -> RefOr<schema::Schema> {
        number().minimum(Some(0)).into()
    }
}

impl PartialSchema for SignedAmount {
    fn schema() -> RefOr<schema::Schema> {
        number().into()
    }
}

impl PartialSchema for Currency {
    fn schema() -> RefOr<schema::Schema> {
        ObjectBuilder::new()
            .schema_type(SchemaType::new(Type::String))
            .enum_values(Some(codes()))
            .description(Some(CURRENCY))
            .into()
    }
}

impl ToSchema for Amount {}
impl ToSchema for SignedAmount {}
impl ToSchema for Currency {}

impl JsonSchema for Amount {
    fn schema_name() -> Cow<'static, str> {
        "Amount".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number", "minimum": 0, "multipleOf": 0.01, "description": AMOUNT })
    }
}

impl JsonSchema for SignedAmount {
    fn schema_name() -> Cow<'static, str> {
        "SignedAmount".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number", "multipleOf": 0.01, "description": AMOUNT })
    }
}

impl JsonSchema for Currency {
    fn schema_name() -> Cow<'static, str> {
        "Currency".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "enum": codes(), "description": CURRENCY })
    }
}
