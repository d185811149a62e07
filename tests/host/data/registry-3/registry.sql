PRAGMA user_version = 3;
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
INSERT INTO "device" VALUES('00000000000000a1','Ann',X'840BB2A7390E06D717832BD2CA66C9D82E81C698925C839BBF1C27ED7CCBC4986239D90CB3794A4B9D2669569FCCD6106C06508DD780506B342750A8',1,'3,1',0,0,'active',1750000000,1750000000,NULL);
INSERT INTO "device" VALUES('00000000000000b2','Bén',X'FE9E839B92B456D4641EA4570EBF5E83ED6BED91AA3EE1EF3524C075E526664860BE9CE4240BC8C9B523B7EE7D4F4F1C877E8C6F6FEAD1AA5C49F782',1,'1',0,0,'active',1750000000,1750000000,NULL);
INSERT INTO "device" VALUES('00000000000000c3','Cyd',NULL,1,'1',0,0,'revoked',1750000000,1750000000,NULL);
INSERT INTO "device" VALUES('00000000000000d4','Dan',X'03DFB9CC0234B5BC1A0EA86AE555C0CC24D105287153998A8CE78797452CD343AD117A169941C3CF53CAE5FED143C41A02C5132C6A42C8E7B8F0E56A',1,'1',0,0,'pending',1750000000,1750000000,'ACDEFHJK');
CREATE TABLE host (
            public_key TEXT PRIMARY KEY CHECK (length(public_key) = 64),
            name TEXT NOT NULL UNIQUE,
            created_s INTEGER NOT NULL) STRICT;
INSERT INTO "host" VALUES('8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c','box',1750000000);
CREATE TABLE invite (
            place TEXT PRIMARY KEY,
            sealed_code BLOB NOT NULL,
            groups TEXT NOT NULL,
            tries_left INTEGER NOT NULL,
            created_s INTEGER NOT NULL,
            expires_s INTEGER NOT NULL) STRICT;
INSERT INTO "invite" VALUES('XA',X'06DA1DDD48B590BED79B86202F45BFF2C66E262D651569EFD6C8D6C96E96444F17BFEA06','2',3,1750000000,1750000600);
CREATE TABLE registry (
            one INTEGER PRIMARY KEY CHECK (one = 1),
            changes INTEGER NOT NULL,
            mark TEXT NOT NULL, version INTEGER NOT NULL DEFAULT 0) STRICT;
INSERT INTO "registry" VALUES(1,7,'d78c89dacdb5313c63fe23386661511483e50d7235631c8695fa36e683b502b2',5);
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
