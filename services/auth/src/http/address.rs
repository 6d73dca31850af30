//! An address of the book on the wire.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app::addresses::Entry;

/// An entry of the address book.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "id": "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f", "label": "Home", "isDefault": true, "fullName": "Ada Obi",
    "email": null, "phone": "+2348031234567", "addressLine1": "12 Allen Avenue", "addressLine2": null,
    "city": "Ikeja", "state": "Lagos", "country": "NG", "postalCode": "100271"
}))]
pub(crate) struct Address {
    /// The entry's id.
    id: Uuid,
    /// Its owner's name for it.
    label: Option<String>,
    /// Whether checkout proposes it; one entry of a book is.
    is_default: bool,
    /// Who receives.
    full_name: String,
    /// Where the courier may write to.
    email: Option<String>,
    /// In E.164 form.
    phone: String,
    /// Street and number.
    address_line1: String,
    /// Flat, floor, landmark.
    address_line2: Option<String>,
    /// City or town.
    city: String,
    /// State, province or region.
    state: String,
    /// ISO 3166-1 alpha-2.
    country: String,
    /// Where the country has one.
    postal_code: Option<String>,
}

impl From<Entry> for Address {
    fn from(entry: Entry) -> Self {
        let text = entry.address;
        Self {
            id: entry.id.0,
            label: text.label,
            is_default: entry.is_default,
            full_name: text.full_name,
            email: text.email,
            phone: text.phone,
            address_line1: text.line1,
            address_line2: text.line2,
            city: text.city,
            state: text.state,
            country: text.country,
            postal_code: text.postal_code,
        }
    }
}

/// One entry under its name.
#[derive(Serialize, ToSchema)]
pub(crate) struct AddressData {
    /// The entry.
    pub(crate) address: Address,
}

impl From<Entry> for AddressData {
    fn from(entry: Entry) -> Self {
        Self {
            address: entry.into(),
        }
    }
}
