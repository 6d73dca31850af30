//! Many more buyers than goods, and a service that dies twice while they come.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use common::ids;
use uuid::Uuid;

use crate::app::TestApp;
use crate::world::World;

const BUYERS: usize = 5_000;
const VARIANTS: usize = 10;
const UNITS: i64 = 50;
const AT_ONCE: usize = 64;

/// The service that is up at the moment, if one is.
#[derive(Clone, Default)]
struct Shop(Arc<RwLock<Option<Arc<TestApp>>>>);

impl Shop {
    fn open(&self, app: TestApp) {
        *self.0.write().unwrap() = Some(Arc::new(app));
    }

    /// Kills the service under the buyers.
    fn crash(&self) -> Arc<World> {
        let app = self.0.write().unwrap().take().unwrap();
        app.crash()
    }

    async fn app(&self) -> Arc<TestApp> {
        // Nobody asks for ever: a service that does not come back fails the test.
        for _ in 0..3_000 {
            if let Some(app) = self.0.read().unwrap().clone() {
                return app;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the shop stays closed");
    }

    /// Asks until there is an answer that is one.
    async fn reserve(&self, order: Uuid, user: Uuid, variant: Uuid) -> u16 {
        for _ in 0..3_000 {
            let app = self.app().await;
            match app.try_reserve(order, user, &[(variant, 1)]).await {
                // Its first answer was lost with the service.
                Some(200) => return 201,
                Some(status @ (201 | 409)) => return status,
                Some(503) | None => {}
                Some(other) => panic!("an answer of {other}"),
            }
            drop(app);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("no answer for order {order}");
    }

    async fn command(&self, order: Uuid, command: &str) -> String {
        for _ in 0..3_000 {
            let app = self.app().await;
            match app.try_command(order, command).await {
                Some((200, outcome)) => return outcome,
                Some((503, _)) | None => {}
                Some(other) => panic!("an answer of {other:?}"),
            }
            drop(app);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("no answer for order {order}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r2_a_herd_buys_exactly_what_is_there_though_the_service_dies_twice() {
    let app = TestApp::start().await;
    let mut variants = Vec::new();
    for _ in 0..VARIANTS {
        variants.push(app.stocked(UNITS).await);
    }
    let shop = Shop::default();
    shop.open(app);
    let (variants, next) = (Arc::new(variants), Arc::new(AtomicUsize::new(0)));
    let buying: Vec<_> = (0..AT_ONCE)
        .map(|_| tokio::spawn(buy(shop.clone(), Arc::clone(&variants), Arc::clone(&next))))
        .collect();
    for share in [3, 2] {
        while next.load(Ordering::Relaxed) < BUYERS / share {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let world = shop.crash();
        shop.open(TestApp::start_in(world, &[]).await);
    }
    let mut sold = 0;
    for buyer in buying {
        sold += buyer.await.unwrap();
    }
    let app = shop.app().await;
    // Whoever abandoned loses the hold; then the rest is sold.
    app.execute("UPDATE inventory.reservations SET expires_at = now() - interval '1 second' WHERE state = 'active'")
        .await;
    app.until_nothing_is_held().await;
    app.assert_sound().await;
    for variant in variants.iter() {
        while app.stock_of(*variant).await.0 > 0 {
            let order = ids::new_id();
            assert_eq!(shop.reserve(order, ids::new_id(), *variant).await, 201);
            assert_eq!(shop.command(order, "commit").await, "committed");
            sold += 1;
        }
        assert_eq!(
            shop.reserve(ids::new_id(), ids::new_id(), *variant).await,
            409
        );
    }
    assert_eq!(sold, 500);
    let units = app
        .rows("SELECT -sum(delta) AS sold FROM inventory.movements WHERE kind = 'commit'")
        .await;
    assert_eq!(units[0]["sold"], 500);
    app.assert_sound().await;
}

/// Buyers one after another: a third of those who get something abandon it, and a tenth give it back.
async fn buy(shop: Shop, variants: Arc<Vec<Uuid>>, next: Arc<AtomicUsize>) -> usize {
    let mut sold = 0;
    loop {
        let buyer = next.fetch_add(1, Ordering::Relaxed);
        if buyer >= BUYERS {
            return sold;
        }
        let order = ids::new_id();
        if shop
            .reserve(order, ids::new_id(), variants[buyer / 10 % VARIANTS])
            .await
            != 201
        {
            continue;
        }
        match buyer % 10 {
            0..=2 => {}
            3 => drop(shop.command(order, "release").await),
            _ => {
                assert_eq!(shop.command(order, "commit").await, "committed");
                sold += 1;
            }
        }
    }
}
