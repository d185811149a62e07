BEGIN TRANSACTION;
CREATE TABLE device (
            id TEXT PRIMARY KEY CHECK (length(id) = 16),
            name TEXT NOT NULL,
            sealed_key BLOB,
            epoch INTEGER NOT NULL CHECK (epoch >= 1),
            groups TEXT NOT NULL,
            emergency INTEGER NOT NULL CHECK (emergency IN (0, 1)),
            priority INTEGER NOT NULL CHECK (priority >= 0),
            state TEXT NOT NULL CHECK (state IN ('active', 'pending', 'revoked')),
            created_s INTEGER NOT NULL,
            changed_s INTEGER NOT NULL, check_code TEXT,
            CHECK (state = 'revoked' OR sealed_key IS NOT NULL)) STRICT;
INSERT INTO "device" VALUES('0000000000000001','Ann',X'60B2C79D61C36362A6760738045BC261A14C7E948AE9721FE6E411E862CAF0FEB709A4A59D2628F9CBE60EC188FAC85AD0FC90B4023A9755A6D8A0A4',1,'1,3',1,2,'active',1790000000,1790000000,NULL);
INSERT INTO "device" VALUES('0000000000000002','Ben',NULL,1,'2',0,0,'revoked',1790000010,1790000030,NULL);
INSERT INTO "device" VALUES('0000000000000003','Cyd',X'0D097D946CC4C4003F08DC708F03EAD10419C7FB93B223F4C4888F939713FC99D97DC466AFFBF47B56834396BA6DA7E1D7DBE8998C95EBF9E4EB7324',2,'1',0,0,'active',1790000020,1790000040,NULL);
CREATE TABLE host (
            public_key TEXT PRIMARY KEY CHECK (length(public_key) = 64),
            name TEXT NOT NULL UNIQUE,
            created_s INTEGER NOT NULL) STRICT;
INSERT INTO "host" VALUES('abababababababababababababababababababababababababababababababab','kitchen',1790000050);
CREATE TABLE invite (
            place TEXT PRIMARY KEY,
            sealed_code BLOB NOT NULL,
            groups TEXT NOT NULL,
            tries_left INTEGER NOT NULL,
            created_s INTEGER NOT NULL,
            expires_s INTEGER NOT NULL) STRICT;
CREATE TABLE registry (
            one INTEGER PRIMARY KEY CHECK (one = 1),
            changes INTEGER NOT NULL,
            mark TEXT NOT NULL, version INTEGER NOT NULL DEFAULT 0) STRICT;
INSERT INTO "registry" VALUES(1,6,'e9b44c77c16e2269cc680a6c938a4e711222abe41c8f3e4d8c08e14dfdba4ad7',5);
CREATE TRIGGER device_insert AFTER INSERT ON device BEGIN UPDATE registry SET changes = changes + 1; END;
CREATE TRIGGER device_update AFTER UPDATE ON device BEGIN UPDATE registry SET changes = changes + 1; END;
CREATE TRIGGER device_delete AFTER DELETE ON device BEGIN UPDATE registry SET changes = changes + 1; END;
CREATE TRIGGER host_insert AFTER INSERT ON host BEGIN UPDATE registry SET changes = changes + 1; END;
CREATE TRIGGER host_update AFTER UPDATE ON host BEGIN UPDATE registry SET changes = changes + 1; END;
CREATE TRIGGER host_delete AFTER DELETE ON host BEGIN UPDATE registry SET changes = changes + 1; END;
CREATE TRIGGER device_version_update AFTER UPDATE ON device
            BEGIN UPDATE registry SET version = version + 1; END;
CREATE TRIGGER device_version_insert AFTER insert ON device
                WHEN NEW.state <> 'pending'
                BEGIN UPDATE registry SET version = version + 1; END;
CREATE TRIGGER device_version_delete AFTER delete ON device
                WHEN OLD.state <> 'pending'
                BEGIN UPDATE registry SET version = version + 1; END;
COMMIT;
PRAGMA user_version = 3;
