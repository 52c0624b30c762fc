//! Open311 GeoReport v2, as programs of others speak it.

use axum::http::StatusCode;
use store::Role;

use crate::world::{HERE, House, Person, houses};

/// Lets a program in and gives its key.
async fn key(house: &House) -> (Person, String) {
    let officer = house.staff(&[Role::Administrator]).await;
    let page = house.post(&officer, "/staff/reports/programs", &[("name", "まちレポアプリ")]).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    let shown = page.body.rsplit("<code>").next().unwrap().split('<').next().unwrap().to_owned();
    (officer, shown)
}

#[tokio::test]
async fn a_program_learns_the_services_and_sends_a_request() {
    for house in houses().await {
        let (officer, key) = key(&house).await;
        let nobody = House::nobody();
        let services = house.get(&nobody, "/open311/v2/services.json").await;
        let light = services.json().as_array().unwrap().iter().find(|service| service["service_code"] == "street-light").unwrap().clone();
        assert_eq!((light["service_name"].as_str(), light["type"].as_str()), (Some("街灯の故障"), Some("realtime")));
        let definition = house.get(&nobody, "/open311/v2/services/disaster.xml").await;
        assert_eq!(definition.kind, "text/xml; charset=utf-8");
        assert!(definition.body.contains("<variable>false</variable>") && definition.body.contains("119"), "{}", definition.body);

        let form = [
            ("api_key", key.as_str()),
            ("service_code", "street-light"),
            ("lat", "36.0002"),
            ("long", "138.0003"),
            ("description", "消えた"),
            ("email", "a@example.jp"),
            ("first_name", "花子"),
        ];
        let sent = house.post(&nobody, "/open311/v2/requests.json", &form).await;
        assert_eq!(sent.status, StatusCode::OK, "{}", sent.body);
        let id = sent.json()[0]["service_request_id"].as_str().unwrap().to_owned();
        // In the queue it is a report like any other, without a person.
        let clerk = house.clerk().await;
        let page = house.get(&clerk, &format!("/staff/reports/{id}")).await.body;
        assert!(
            page.contains("消えた") && page.contains("ほかのプログラムから") && !page.contains("花子") && !page.contains("a@example.jp"),
            "{page}"
        );
        // Its own program reads it at once, everybody once staff made it public, and then only their words.
        let own = house.get(&nobody, &format!("/open311/v2/requests.json?api_key={key}")).await.json();
        assert_eq!((own[0]["description"].as_str(), own[0]["lat"].to_string()), (Some("消えた"), "36.0002".to_owned()));
        assert_eq!(house.get(&nobody, "/open311/v2/requests.json").await.body, "[]");
        assert_eq!(house.get(&nobody, &format!("/open311/v2/request/{id}.json")).await.status, StatusCode::NOT_FOUND);
        house.post(&clerk, &format!("/staff/reports/{id}/publish"), &[("words", "街灯 <不点灯> & 点滅")]).await;
        let public = house.get(&nobody, &format!("/open311/v2/request/{id}.xml")).await.body;
        assert!(
            public.contains("<description>街灯 &lt;不点灯&gt; &amp; 点滅</description>") && public.contains("<status>open</status>"),
            "{public}"
        );
        house.post(&clerk, &format!("/staff/reports/{id}/answer"), &[("words", ""), ("step", "done")]).await;
        let count =
            async |query: &str| house.get(&nobody, &format!("/open311/v2/requests.json?{query}")).await.json().as_array().map(Vec::len);
        assert_eq!(count("status=open").await, Some(0));
        assert_eq!(count("status=closed").await, Some(1));
        assert_eq!(count("status=open,closed&service_code=street-light").await, Some(1));
        assert_eq!(count("service_code=disaster").await, Some(0));
        assert_eq!(count(&format!("service_request_id={id},{id}")).await, Some(2));
        assert_eq!(count("start_date=2026-11-01T00:00:00Z&end_date=2026-11-02T00:00:00Z").await, Some(0));

        let client = house.get(&officer, "/staff/reports/programs").await.body;
        let end = client.split("action=\"").find(|part| part.contains("/end\"")).unwrap().split('"').next().unwrap().to_owned();
        house.post(&officer, &end, &[]).await;
        assert_eq!(house.post(&nobody, "/open311/v2/requests.json", &form).await.status, StatusCode::FORBIDDEN);
    }
}

#[tokio::test]
async fn wrong_requests_are_answered_as_the_specification_says() {
    for house in houses().await {
        let (_, key) = key(&house).await;
        let nobody = House::nobody();
        for (path, status) in [
            ("/open311/v2/services.json?jurisdiction_id=999999", 404),
            ("/open311/v2/services/nothing.json", 404),
            ("/open311/v2/services/street-light.pdf", 404),
            ("/open311/v2/requests.json?start_date=yesterday", 400),
            ("/open311/v2/requests.json?start_date=2026-01-01T00:00:00Z&end_date=2026-11-01T00:00:00Z", 400),
            ("/open311/v2/requests.json?status=new", 400),
            ("/open311/v2/requests.json?api_key=wrong", 403),
            ("/open311/v2/tokens/1.json", 404),
        ] {
            let answer = house.get(&nobody, path).await;
            assert_eq!(answer.status.as_u16(), status, "{path}: {}", answer.body);
            assert_eq!(answer.json()[0]["code"], status, "{path}");
        }
        let code = house.store.town().code.to_string();
        assert_eq!(house.get(&nobody, &format!("/open311/v2/services.json?jurisdiction_id={code}")).await.status, StatusCode::OK);
        let base = [("service_code", "street-light"), ("lat", "36.0002"), ("long", "138.0003"), ("description", "消えた")];
        assert_eq!(house.post(&nobody, "/open311/v2/requests.json", &base).await.status, StatusCode::FORBIDDEN);
        let with = |change: (&'static str, &'static str)| {
            let mut form: Vec<(&str, &str)> = base.iter().copied().filter(|(name, _)| *name != change.0).chain([change]).collect();
            form.push(("api_key", key.as_str()));
            form
        };
        for (change, status) in [
            (("lat", "91"), 400),
            (("lat", "35.0"), 400),
            (("lat", "nan"), 400),
            (("service_code", "nothing"), 404),
            (("description", "123456789018"), 400),
            (("jurisdiction_id", "other"), 404),
            (("address_string", "公民館の前"), 200),
        ] {
            let answer = house.post(&nobody, "/open311/v2/requests.json", &with(change)).await;
            assert_eq!(answer.status.as_u16(), status, "{change:?}: {}", answer.body);
        }
        let nowhere = [("api_key", key.as_str()), ("service_code", "street-light"), ("description", "どこか")];
        assert_eq!(house.post(&nobody, "/open311/v2/requests.json", &nowhere).await.status, StatusCode::BAD_REQUEST);
        // A resident's session opens nothing here: only the key counts.
        let hanako = house.hanako().await;
        house.reports(&hanako, "わたしの", HERE).await;
        assert!(!house.get(&hanako, "/open311/v2/requests.json").await.body.contains("わたしの"));
    }
}
