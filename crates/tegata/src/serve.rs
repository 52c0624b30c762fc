//! Serving: pages and API, jobs, and the unattended folder of the bridge.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use oidc::Provider;
use registry::{BridgeKeys, FolderResult};
use store::{Clock as _, JobHandlers, Store, SystemClock};
use tokio::net::TcpListener;

use crate::Outcome;
use crate::house::House;
use crate::keys::CentreKeys;
use crate::revocation::Lists;

/// How often due work is looked for: midnight is met within this.
const JOBS_EVERY: Duration = Duration::from_millis(200);
/// How often the unattended folder is looked into.
const FOLDER_EVERY: Duration = Duration::from_secs(2);
/// How often new revocation lists are looked for.
const LISTS_EVERY: Duration = Duration::from_secs(60);
/// How often new keys for tokens are looked for.
const KEYS_EVERY: Duration = Duration::from_secs(60);

/// Serves a house until it is told to stop.
///
/// # Errors
/// When the address cannot be listened on.
pub async fn serve(house: House, listen: SocketAddr, folder: Option<PathBuf>) -> Outcome {
    let listener = TcpListener::bind(listen).await.map_err(|error| format!("{listen}: {error}"))?;
    tokio::spawn(run_jobs_outside(house.store.clone(), house.jobs.clone()));
    tokio::spawn(run_jobs(house.store.clone(), house.jobs));
    for queue in notices::Queue::ALL {
        for work in notices::Work::ALL {
            let courier = Arc::clone(&house.courier);
            tokio::spawn(async move { courier.serve(*queue, *work).await });
        }
    }
    tokio::spawn(look_for_lists(house.lists));
    tokio::spawn(look_for_keys(house.provider, house.keys));
    if let Some(folder) = folder {
        let (store, keys) = (house.store.clone(), house.bridge);
        // Opening a large bundle computes for seconds: on a thread of its own, so that counters are answered meanwhile.
        let runtime = tokio::runtime::Handle::current();
        std::thread::spawn(move || runtime.block_on(watch_folder(store, keys, folder)));
    }
    let service = house.router.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service).with_graceful_shutdown(told_to_stop()).await?;
    Ok(())
}

/// Does due work for as long as the house stands.
pub(crate) async fn run_jobs(store: Store, handlers: JobHandlers) {
    loop {
        if let Err(error) = store::run_due_jobs(&store, &handlers).await {
            tracing::error!(%error, "jobs");
        }
        tokio::time::sleep(JOBS_EVERY).await;
    }
}

/// Does due work that waits for the network, beside everything else.
pub(crate) async fn run_jobs_outside(store: Store, handlers: JobHandlers) {
    loop {
        if let Err(error) = store::run_due_jobs_outside(&store, &handlers).await {
            tracing::error!(%error, "jobs outside");
        }
        tokio::time::sleep(JOBS_EVERY).await;
    }
}

/// Takes revocation lists that came after the start.
async fn look_for_lists(lists: Arc<Lists>) {
    loop {
        tokio::time::sleep(LISTS_EVERY).await;
        let lists = Arc::clone(&lists);
        // A long list takes a second to read and check: on a thread that may.
        if let Err(error) = tokio::task::spawn_blocking(move || lists.look()).await {
            tracing::error!(%error, "revocation lists");
        }
    }
}

/// Takes keys for tokens that came after the start, and leaves those whose files were taken away.
async fn look_for_keys(provider: Arc<Provider>, folder: PathBuf) {
    loop {
        tokio::time::sleep(KEYS_EVERY).await;
        match CentreKeys::in_folder(&folder).tokens(SystemClock.now()) {
            Ok(keys) => provider.take_keys(keys),
            Err(error) => tracing::error!(%error, "keys of tokens"),
        }
    }
}

async fn watch_folder(store: Store, keys: Arc<BridgeKeys>, folder: PathBuf) {
    loop {
        match registry::process_folder(&store, &folder, &keys).await {
            Ok(outcomes) => {
                for outcome in outcomes {
                    match outcome.result {
                        FolderResult::Applied(run) => tracing::info!(file = outcome.file, number = run.number, "bundle applied"),
                        FolderResult::Refused(error) => tracing::warn!(file = outcome.file, %error, "bundle refused"),
                        FolderResult::DecidedBefore(_) | FolderResult::Waiting(_) | FolderResult::NotYet(_) => {}
                    }
                }
            }
            Err(error) => tracing::error!(%error, "bridge folder"),
        }
        tokio::time::sleep(FOLDER_EVERY).await;
    }
}

/// Comes when the process is told to stop.
pub(crate) async fn told_to_stop() {
    let interrupted = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        let Ok(mut terminated) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) else {
            let _ = interrupted.await;
            return;
        };
        tokio::select! { _ = interrupted => {}, _ = terminated.recv() => {} }
    }
    #[cfg(not(unix))]
    let _ = interrupted.await;
}
