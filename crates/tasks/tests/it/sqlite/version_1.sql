-- A file of version 1, as the program left it that knew no other: with a task that is done and has its callback due, one
-- that failed, one that runs, and one that waits under a key.
PRAGMA application_id = 1717793652;
PRAGMA auto_vacuum = INCREMENTAL;
BEGIN TRANSACTION;
CREATE TABLE task (
        seq INTEGER PRIMARY KEY,
        id BLOB NOT NULL UNIQUE,
        topic TEXT NOT NULL,
        owner TEXT,
        request_id TEXT NOT NULL,
        accepted_at INTEGER NOT NULL,
        url TEXT,
        host TEXT,
        key TEXT,
        fingerprint BLOB,
        state TEXT NOT NULL,
        attempts INTEGER NOT NULL,
        crashes INTEGER NOT NULL,
        due_at INTEGER NOT NULL,
        delay INTEGER NOT NULL,
        started_at INTEGER,
        finished_at INTEGER,
        ended_at INTEGER,
        code TEXT,
        message TEXT,
        bytes INTEGER NOT NULL,
        callback_state TEXT,
        callback_attempts INTEGER NOT NULL,
        callback_last TEXT,
        callback_due_at INTEGER NOT NULL,
        callback_delay INTEGER NOT NULL,
        callback_claimed INTEGER NOT NULL,
        seal BLOB NOT NULL
    ) STRICT;
INSERT INTO task VALUES(1,X'00000000000040008000000000000001','topic','alice','request 1',1796004332944,'https://example.org/hook','example.org:443',NULL,NULL,'done',1,0,1796004332944,0,1796004332946,1796004332948,1796004332947,NULL,NULL,6,'due',0,NULL,1796004332947,0,0,X'4f149d32c1e3fc54');
INSERT INTO task VALUES(2,X'00000000000040008000000000000002','topic',NULL,'request 2',1796004332945,NULL,NULL,NULL,NULL,'failed',1,0,1796004332944,0,1796004332946,1796004332948,1796004332948,'CODE','why',0,NULL,0,NULL,0,0,0,X'bae517f73bb82051');
INSERT INTO task VALUES(3,X'00000000000040008000000000000003','topic',NULL,'request 3',1796004332945,'https://example.org/hook','example.org:443',NULL,NULL,'running',1,0,1796004332945,0,1796004332946,NULL,NULL,NULL,NULL,5,'waiting',0,NULL,0,0,0,X'ba906dde23df0e94');
INSERT INTO task VALUES(4,X'00000000000040008000000000000004','topic',NULL,'request 4',1796004332947,NULL,NULL,'key',X'0707070707070707070707070707070707070707070707070707070707070707','queued',0,0,1796004332947,0,NULL,NULL,NULL,NULL,NULL,4,NULL,0,NULL,0,0,0,X'4337f24814f77183');
CREATE TABLE body (task INTEGER PRIMARY KEY, seal BLOB NOT NULL, bytes BLOB NOT NULL) STRICT;
INSERT INTO body VALUES(1,X'030649934b104238',X'726573756c74');
INSERT INTO body VALUES(3,X'33e4a5439deb1346',X'7468726565');
INSERT INTO body VALUES(4,X'c930b5216cf16cea',X'666f7572');
CREATE TABLE total (tasks INTEGER NOT NULL, bytes INTEGER NOT NULL) STRICT;
INSERT INTO total VALUES(4,15);
CREATE INDEX task_of_owner ON task (owner);
CREATE INDEX task_of_key ON task (key, owner) WHERE key IS NOT NULL;
CREATE INDEX task_queued ON task (due_at, seq, crashes) WHERE state = 'queued';
CREATE INDEX task_running ON task (crashes) WHERE state = 'running';
CREATE INDEX task_ended ON task (ended_at, callback_state) WHERE ended_at IS NOT NULL;
CREATE INDEX callback_due ON task (callback_due_at, seq, host)
        WHERE callback_state = 'due' AND callback_claimed = 0;
CREATE INDEX callback_claimed ON task (seq) WHERE callback_state = 'due' AND callback_claimed = 1;
CREATE INDEX callback_dead ON task (seq) WHERE callback_state = 'dead';
CREATE TRIGGER task_added AFTER INSERT ON task BEGIN
        UPDATE total SET tasks = tasks + 1, bytes = bytes + new.bytes;
    END;
CREATE TRIGGER task_resized AFTER UPDATE OF bytes ON task WHEN new.bytes <> old.bytes BEGIN
        UPDATE total SET bytes = bytes + new.bytes - old.bytes;
    END;
CREATE TRIGGER task_forgotten AFTER DELETE ON task BEGIN
        UPDATE total SET tasks = tasks - 1, bytes = bytes - old.bytes;
        DELETE FROM body WHERE task = old.seq;
    END;
COMMIT;
PRAGMA user_version = 1;
