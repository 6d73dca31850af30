//! Disputes: <https://paystack.com/docs/api/dispute>.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use reqwest::header::CONTENT_TYPE;
use reqwest::{Method, Response};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::json;
use url::Url;

use super::wire::{self, Raw};
use super::{Patience, Paystack, lists};
use crate::clients::disputes::{DisputeGateway, Evidence, GatewayAnswer, GatewayDispute, Upload};
use crate::clients::gateway::GatewayError;
use crate::domain::dispute::DisputeStatus;
use crate::domain::observation::GatewayStatus;

/// Pages that are read at most. Disputes are rare.
const PAGES_MAX: u32 = 50;

/// A dispute.
#[derive(Deserialize)]
struct DisputeData {
    id: Raw,
    status: String,
    transaction: Disputed,
    #[serde(default)]
    refund_amount: Raw,
    #[serde(default)]
    currency: Raw,
    #[serde(default)]
    resolution: Raw,
    #[serde(default)]
    domain: Raw,
    #[serde(default)]
    category: Raw,
    #[serde(default)]
    note: Raw,
    #[serde(default, rename = "dueAt", alias = "due_at")]
    due_at: Raw,
    #[serde(default, rename = "createdAt", alias = "created_at")]
    created_at: Raw,
    #[serde(default, rename = "resolvedAt", alias = "resolved_at")]
    resolved_at: Raw,
    #[serde(default)]
    evidence: Option<Said>,
}

/// What speaks for the shop.
#[derive(Deserialize)]
struct Said {
    #[serde(default)]
    service_details: Option<String>,
}

/// Where a file can be sent to.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct UploadData {
    signed_url: String,
    file_name: String,
}

/// The transaction that it is about.
#[derive(Deserialize)]
struct Disputed {
    reference: String,
    amount: Raw,
    currency: String,
    #[serde(default)]
    status: Raw,
}

impl DisputeData {
    fn open(self) -> Result<GatewayDispute, GatewayError> {
        let status = DisputeStatus::of_gateway(&self.status);
        if status.is_none() {
            let word: String = self.status.chars().take(wire::TEXT_MAX).collect();
            tracing::warn!(
                status = word,
                "the payment provider has a new word for how a dispute stands"
            );
        }
        let of = self.transaction;
        // Where it does not say how much, all of it is wanted back.
        let wanted = [&self.refund_amount, &of.amount].into_iter();
        let wanted = wanted.filter_map(wire::minor).find(|minor| *minor > 0);
        let currency = wire::text(&self.currency).unwrap_or(of.currency);
        let word = wire::text(&of.status);
        Ok(GatewayDispute {
            id: wire::digits(&self.id).ok_or_else(|| wire::unreadable("a dispute has no id"))?,
            status,
            resolution: wire::text(&self.resolution),
            amount_minor: wanted.ok_or_else(|| wire::unreadable("an amount is none"))?,
            currency: wire::currency(&currency)?,
            reference: of.reference,
            is_reversed: word
                .is_some_and(|word| GatewayStatus::of(&word) == GatewayStatus::Reversed),
            category: wire::text(&self.category),
            note: wire::text(&self.note),
            domain: wire::text(&self.domain),
            due_at: wire::time(&self.due_at),
            opened_at: wire::time(&self.created_at),
            resolved_at: wire::time(&self.resolved_at),
            service_details: self.evidence.and_then(|said| said.service_details),
        })
    }
}

#[async_trait]
impl DisputeGateway for Paystack {
    async fn fetch_dispute(&self, id: &str) -> Result<GatewayDispute, GatewayError> {
        let url = self.url(&["dispute", id])?;
        let request = self.get(url);
        let data: DisputeData = self.ask("fetch_dispute", request, Patience::Usual).await?;
        let dispute = data.open()?;
        if dispute.id == id {
            Ok(dispute)
        } else {
            Err(wire::unreadable("it answered about another dispute"))
        }
    }

    async fn list_disputes(
        &self,
        from: DateTime<Utc>,
    ) -> Result<Vec<GatewayDispute>, GatewayError> {
        let mut all = Vec::new();
        for page in 1..=PAGES_MAX {
            let mut url = self.url(&["dispute"])?;
            url.query_pairs_mut()
                .append_pair("from", &lists::written(from));
            let asked = ("list_disputes", "dispute");
            let listed = lists::page(self, asked, url, page, DisputeData::open).await?;
            if listed.is_empty {
                break;
            }
            all.extend(listed.rows);
        }
        // The newest come first, so that what is left out was looked at before.
        Ok(all)
    }

    async fn dispute_upload(&self, id: &str, file_name: &str) -> Result<Upload, GatewayError> {
        let mut url = self.url(&["dispute", id, "upload_url"])?;
        url.query_pairs_mut()
            .append_pair("upload_filename", file_name);
        let request = self.get(url);
        let data: UploadData = self.ask("dispute_upload", request, Patience::Usual).await?;
        let to = Url::parse(&data.signed_url).ok();
        let to = to.filter(|url| matches!(url.scheme(), "http" | "https"));
        Ok(Upload {
            url: to.ok_or_else(|| wire::unreadable("an address for a file is none"))?,
            file: data.file_name,
        })
    }

    async fn send_file(&self, to: &Url, pdf: Vec<u8>) -> Result<(), GatewayError> {
        // The address itself says who may send: our key is not for it.
        let request = self.http.request(Method::PUT, to.clone());
        let request = request.header(CONTENT_TYPE, "application/pdf").body(pdf);
        let sent = request.timeout(self.timeout).send().await;
        match sent.and_then(Response::error_for_status) {
            Ok(_) => Ok(()),
            // Without the URL, which opens the store to whoever reads it.
            Err(error) => Err(GatewayError::Unknown(error.without_url().to_string())),
        }
    }

    async fn add_evidence(&self, id: &str, evidence: &Evidence<'_>) -> Result<(), GatewayError> {
        let url = self.url(&["dispute", id, "evidence"])?;
        let mut body = json!({
            "customer_email": evidence.customer_email,
            "customer_name": evidence.customer_name,
            "customer_phone": evidence.customer_phone,
            "service_details": evidence.service_details,
        });
        let optional = [
            ("delivery_address", evidence.delivery_address),
            ("delivery_date", evidence.delivery_date),
        ];
        if let Some(fields) = body.as_object_mut() {
            let given = optional.into_iter();
            fields.extend(given.filter_map(|(name, text)| Some((name.to_owned(), json!(text?)))));
        }
        let request = self.post(url, &body);
        let _: IgnoredAny = self.ask("add_evidence", request, Patience::Usual).await?;
        Ok(())
    }

    async fn resolve_dispute(
        &self,
        id: &str,
        answer: &GatewayAnswer<'_>,
    ) -> Result<(), GatewayError> {
        let url = self.url(&["dispute", id, "resolve"])?;
        let body = json!({
            "resolution": if answer.gives_in { "merchant-accepted" } else { "declined" },
            "message": answer.message,
            "refund_amount": answer.refund_minor,
            "uploaded_filename": answer.file,
        });
        let request = self.http.request(Method::PUT, url).json(&body);
        let _: IgnoredAny = self
            .ask("resolve_dispute", request, Patience::Usual)
            .await?;
        Ok(())
    }
}
