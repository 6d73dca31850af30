//! Planting what a run has to find, and what it must not.

use chrono::TimeDelta;
use common::ids;
use serde_json::json;
use uuid::Uuid;

use super::Found;
use crate::app::TestApp;
use crate::shop::Begun;

/// What a run is expected to find, and which payments are as they should be.
#[derive(Default)]
pub(super) struct Planted {
    pub(super) expected: Vec<Found>,
}

impl Planted {
    fn expect(&mut self, class: &str, payment: Option<Uuid>, state: &str) {
        self.expected
            .push((class.to_owned(), payment, state.to_owned()));
        self.expected.sort();
    }
}

/// A kept payment of which finance has given a part back, and the provider's number of that refund.
pub(super) async fn refunded(app: &TestApp) -> (Begun, u64) {
    let kept = app.kept().await;
    let before = app.world.paystack.refunds().len();
    let body = json!({ "amount": 500, "reason": "one yard was torn" });
    let key = ids::new_id().to_string();
    app.refund(kept.id, &key, &body).await.assert_success(202);
    app.until_refunds(kept.id, "processing", 1).await;
    (kept, app.world.paystack.refunds()[before].id)
}

/// What only people can decide.
pub(super) async fn for_people(app: &TestApp) -> Planted {
    let (mut planted, paystack) = (Planted::default(), &app.world.paystack);
    paystack.sell_elsewhere("=1+1");
    planted.expect("missing-local", None, "open");
    let gone = app.kept().await;
    paystack.forget(&gone.reference);
    planted.expect("missing-gateway", Some(gone.id), "open");
    let other_amount = app.kept().await;
    paystack.change(&other_amount.reference, |one| one.amount += 100);
    planted.expect("amount", Some(other_amount.id), "open");
    let other_currency = app.kept().await;
    paystack.change(&other_currency.reference, |one| {
        one.currency = "GHS".to_owned();
    });
    planted.expect("currency", Some(other_currency.id), "open");
    let unpaid = app.kept().await;
    paystack.set_status(&unpaid.reference, "abandoned");
    planted.expect("status", Some(unpaid.id), "open");
    let (first, second) = (app.kept().await, app.paid().await);
    let sql = format!(
        "UPDATE payments.payments SET order_id = '{}', attempt = 2 WHERE id = '{}'",
        first.order.id, second.id
    );
    app.execute(&sql).await;
    planted.expect("double-kept", Some(second.id), "open");
    let (with_lost_refund, lost) = refunded(app).await;
    paystack.forget_refund(lost);
    planted.expect("refund-missing", Some(with_lost_refund.id), "open");
    let (with_other_refund, other) = refunded(app).await;
    paystack.change_refund(other, |one| one.amount -= 100);
    planted.expect("refund-amount", Some(with_other_refund.id), "open");
    let dear = app.kept().await;
    paystack.change(&dear.reference, |one| one.fees = Some(1));
    planted.expect("fee-anomaly", Some(dear.id), "open");
    let charged_back = app.kept().await;
    let dispute = paystack.refund_at_the_desk(&charged_back.reference, 150_000);
    paystack.change_refund(dispute, |one| one.dispute = Some(7));
    paystack.set_status(&charged_back.reference, "reversed");
    planted.expect("reversed", Some(charged_back.id), "open");
    let stuck = app.begun().await;
    age(app, &stuck).await;
    paystack.set_status(&stuck.reference, "pending");
    planted.expect("stale-pending", Some(stuck.id), "open");
    planted
}

/// What can be put right by itself.
pub(super) async fn repairable(app: &TestApp) -> Planted {
    let (mut planted, paystack) = (Planted::default(), &app.world.paystack);
    let untold = app.begun().await;
    paystack.pay(&untold.reference);
    planted.expect("status", Some(untold.id), "repaired");
    let untold_and_back = app.begun().await;
    paystack.pay(&untold_and_back.reference);
    paystack.refund_at_the_desk(&untold_and_back.reference, 150_000);
    planted.expect("reversed", Some(untold_and_back.id), "repaired");
    planted.expect("refund-extra", Some(untold_and_back.id), "repaired");
    let late = app.begun().await;
    paystack.pay(&late.reference);
    paystack.change(&late.reference, |one| one.fees = None);
    let told = paystack.charge_success(&late.reference);
    app.webhook(&told).await.assert_success(200);
    app.until_status(late.id, "paid").await;
    app.keep(&late).await.unwrap();
    paystack.change(&late.reference, |one| one.fees = Some(2_250));
    planted.expect("fee-anomaly", Some(late.id), "repaired");
    let given_back = app.kept().await;
    paystack.refund_at_the_desk(&given_back.reference, 5_000);
    planted.expect("refund-extra", Some(given_back.id), "repaired");
    let (arrived, refund) = refunded(app).await;
    paystack.set_refund(refund, "processed");
    planted.expect("status", Some(arrived.id), "repaired");
    let left_alone = app.begun().await;
    age(app, &left_alone).await;
    planted.expect("stale-pending", Some(left_alone.id), "repaired");
    planted
}

/// What agrees, in every way in which it can.
pub(super) async fn as_it_should_be(app: &TestApp) {
    let paystack = &app.world.paystack;
    app.kept().await;
    app.paid().await;
    app.begun().await;
    let (_, refund) = refunded(app).await;
    paystack.set_status(&app.kept().await.reference, "success");
    paystack.set_refund(refund, "processing");
    let declined = app.begun().await;
    paystack.set_status(&declined.reference, "failed");
    // Somebody looked at a page of another shop of ours, and paid nothing.
    paystack.sell_elsewhere("ELSEWHERE-2");
    paystack.set_status("ELSEWHERE-2", "abandoned");
}

/// Makes an attempt two days older.
async fn age(app: &TestApp, begun: &Begun) {
    let before = common::Clock::now(&app.world.clock) - TimeDelta::days(2);
    let sql = format!(
        "UPDATE payments.payments SET created_at = '{}' WHERE id = '{}'",
        before.to_rfc3339(),
        begun.id
    );
    app.execute(&sql).await;
}
