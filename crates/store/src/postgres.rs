use std::error::Error as StdError;

use bytes::BytesMut;
use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod};
use futures_util::{StreamExt, TryStreamExt, pin_mut, stream};
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{NoTls, Statement};

use crate::{Error, Result, Row, Value};

/// Connections at a time.
const CONNECTIONS_MAX: usize = 16;
/// Statements in flight when many rows go the same way.
const PIPELINE_MAX: usize = 256;
/// The lock every writer of the town takes: the ASCII of "tegata".
const WRITER_LOCK: i64 = 0x74_65_67_61_74_61;

#[derive(Clone)]
pub(crate) struct PostgresPool(Pool);

impl PostgresPool {
    pub(crate) async fn open(address: &str) -> Result<Self> {
        let server = crate::tls::read(address)?;
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = match server.tls {
            Some(tls) => Manager::from_config(server.config, tls, recycling),
            None => Manager::from_config(server.config, NoTls, recycling),
        };
        let pool =
            Pool::builder(manager).max_size(CONNECTIONS_MAX).build().map_err(|error| Error::Address { reason: error.to_string() })?;
        drop(pool.get().await?);
        Ok(Self(pool))
    }

    pub(crate) async fn write(&self) -> Result<PostgresTx> {
        // One writer at a time, as on SQLite: what a change reads stays true until it commits, with one SQL text for both engines.
        PostgresTx::begin(self.0.get().await?, &format!("begin; select pg_advisory_xact_lock({WRITER_LOCK})")).await
    }

    pub(crate) async fn read(&self) -> Result<PostgresTx> {
        PostgresTx::begin(self.0.get().await?, "begin isolation level repeatable read read only").await
    }
}

pub(crate) struct PostgresTx {
    client: Option<Object>,
}

impl PostgresTx {
    async fn begin(client: Object, begin: &str) -> Result<Self> {
        // Ours before it begins: a caller that goes away while it waits must not leave a transaction open in the pool.
        let tx = Self { client: Some(client) };
        tx.client()?.batch_execute(begin).await?;
        Ok(tx)
    }

    fn client(&self) -> Result<&Object> {
        self.client.as_ref().ok_or(Error::Closing)
    }

    async fn statement(&self, sql: &'static str) -> Result<Statement> {
        Ok(self.client()?.prepare_cached(sql).await?)
    }

    pub(crate) async fn execute(&mut self, sql: &'static str, params: &[Value]) -> Result<u64> {
        let statement = self.statement(sql).await?;
        Ok(self.client()?.execute_raw(&statement, params).await?)
    }

    pub(crate) async fn bulk(&mut self, sql: &'static str, rows: &mut (dyn Iterator<Item = Vec<Value>> + Send)) -> Result<u64> {
        let statement = self.statement(sql).await?;
        self.run_for_all(&statement, rows).await
    }

    /// As [`bulk`](Self::bulk), for a text that is not kept.
    pub(crate) async fn fill(&mut self, sql: &str, rows: &mut (dyn Iterator<Item = Vec<Value>> + Send)) -> Result<u64> {
        let statement = self.client()?.prepare(sql).await?;
        self.run_for_all(&statement, rows).await
    }

    async fn run_for_all(&self, statement: &Statement, rows: &mut (dyn Iterator<Item = Vec<Value>> + Send)) -> Result<u64> {
        let client = self.client()?;
        let mut changed = 0;
        // Pipelined: the next rows are on their way before the first is answered.
        let in_flight = stream::iter(rows).map(|row| {
            let statement = statement.clone();
            async move { client.execute_raw(&statement, &row).await }
        });
        let answers = in_flight.buffered(PIPELINE_MAX);
        pin_mut!(answers);
        while let Some(count) = answers.try_next().await? {
            changed += count;
        }
        Ok(changed)
    }

    pub(crate) async fn each(&mut self, sql: &'static str, params: &[Value], each: &mut (dyn FnMut(&Row) + Send)) -> Result<()> {
        let statement = self.statement(sql).await?;
        self.hand_out(&statement, params, each).await
    }

    /// As [`each`](Self::each), for a text that is not kept.
    pub(crate) async fn each_of(&mut self, sql: &str, each: &mut (dyn FnMut(&Row) + Send)) -> Result<()> {
        let statement = self.client()?.prepare(sql).await?;
        self.hand_out(&statement, &[], each).await
    }

    async fn hand_out(&self, statement: &Statement, params: &[Value], each: &mut (dyn FnMut(&Row) + Send)) -> Result<()> {
        let rows = self.client()?.query_raw(statement, params).await?;
        pin_mut!(rows);
        while let Some(row) = rows.try_next().await? {
            each(&from_postgres(&row)?);
        }
        Ok(())
    }

    pub(crate) async fn script(&mut self, sql: &str) -> Result<()> {
        Ok(self.client()?.batch_execute(sql).await?)
    }

    pub(crate) async fn prepare(&mut self, sql: &'static str) -> Result<()> {
        self.statement(sql).await.map(drop)
    }

    pub(crate) async fn commit(mut self) -> Result<()> {
        let client = self.client.take().ok_or(Error::Closing)?;
        client.batch_execute("commit").await?;
        Ok(())
    }
}

impl Drop for PostgresTx {
    fn drop(&mut self) {
        // A connection in the middle of a transaction must not go back to the pool: closing it undoes the transaction.
        if let Some(client) = self.client.take() {
            match tokio::runtime::Handle::try_current() {
                Ok(runtime) => drop(runtime.spawn(async move {
                    if client.batch_execute("rollback").await.is_err() {
                        drop(Object::take(client));
                    }
                })),
                Err(_) => drop(Object::take(client)),
            }
        }
    }
}

fn from_postgres(row: &tokio_postgres::Row) -> Result<Row> {
    let read = |column: usize| -> Result<Value> {
        let of = row.columns()[column].type_();
        let value = match *of {
            Type::BOOL => row.try_get::<_, Option<bool>>(column)?.map(Value::Bool),
            Type::INT2 => row.try_get::<_, Option<i16>>(column)?.map(|value| Value::Int(value.into())),
            Type::INT4 => row.try_get::<_, Option<i32>>(column)?.map(|value| Value::Int(value.into())),
            Type::INT8 => row.try_get::<_, Option<i64>>(column)?.map(Value::Int),
            Type::BYTEA => row.try_get::<_, Option<Vec<u8>>>(column)?.map(Value::Bytes),
            Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::UNKNOWN => {
                row.try_get::<_, Option<String>>(column)?.map(Value::Text)
            }
            _ => return Err(Error::Decode { column, reason: format!("a {of} is outside the portable subset: cast it to bigint or text") }),
        };
        Ok(value.unwrap_or(Value::Null))
    };
    Ok(Row((0..row.len()).map(read).collect::<Result<_>>()?))
}

impl ToSql for Value {
    fn to_sql(&self, of: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn StdError + Sync + Send>> {
        match (self, of) {
            (Value::Null, _) => Ok(IsNull::Yes),
            (Value::Bool(value), _) => value.to_sql(of, out),
            (Value::Int(value), &Type::INT4) => i32::try_from(*value)?.to_sql(of, out),
            (Value::Int(value), &Type::INT2) => i16::try_from(*value)?.to_sql(of, out),
            (Value::Int(value), &Type::BOOL) => (*value != 0).to_sql(of, out),
            (Value::Int(value), &Type::INT8) => value.to_sql(of, out),
            (Value::Text(value), &Type::TEXT | &Type::VARCHAR | &Type::BPCHAR | &Type::NAME | &Type::UNKNOWN) => value.to_sql(of, out),
            (Value::Bytes(value), &Type::BYTEA) => value.to_sql(of, out),
            (value, of) => Err(format!("cannot send this kind of value as {of}: {:?}", std::mem::discriminant(value)).into()),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}
