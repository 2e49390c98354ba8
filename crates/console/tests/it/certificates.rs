//! Admin > System Settings > Certificates.

use palisade_testkit::on_both_engines;

use crate::{
    MIGRATOR,
    site::{PASSWORD, Site},
};

const PATH: &str = "/admin/system/certificates";

on_both_engines! {
    /// covers T2.4 (part)
    async fn the_page_says_how_each_certificate_stands_and_offers_the_root(db: TestStore) {
        let site = Site::new(db).await;
        let (mut browser, _) = site.administrator().await;
        let page = browser.get(PATH).await;
        page.says("Every host shows a certificate that is good.").says("acme.example").says("Self-signed");
        page.says("tems.local").says("Palisade local CA").says("Your own CA").says("Download the root");
        let root = browser.get(&format!("{PATH}/root.pem")).await;
        root.says("-----BEGIN CERTIFICATE-----").is_silent_about("PRIVATE");
        let before = site.certificates.status()[1].facts.fingerprint.clone();
        let answer = browser.submit_to(PATH, &format!("{PATH}/renew"), &[("site", "tems")]).await;
        assert_eq!(answer.location(), PATH);
        assert_ne!(site.certificates.status()[1].facts.fingerprint, before);
        let other = browser.submit_to(PATH, &format!("{PATH}/renew"), &[("site", "none")]).await;
        assert_eq!(other.status, 404);
    }

    async fn nobody_else_sees_or_renews_certificates(db: TestStore) {
        let site = Site::new(db).await;
        site.user("mia", &[("kpi", "Employee")]).await;
        let mut mia = site.browser();
        mia.sign_in("mia", PASSWORD).await;
        for path in [PATH.to_owned(), format!("{PATH}/root.pem")] {
            assert_eq!(mia.get(&path).await.status, 403, "{path}");
        }
        assert_eq!(mia.post(&format!("{PATH}/renew"), &[("site", "tems")]).await.status, 403);
    }
}
