import { EncryptionKeyInfoPBSchema } from '../schema/gen/cloud/encryption_pb.ts';
import { RamUserPBSchema } from '../schema/gen/cloud/iam_pb.ts';
import { ServiceRegistryPBSchema } from '../schema/gen/cloud/registry_pb.ts';
import { BackupPBSchema } from '../schema/gen/nereus/backup_pb.ts';
import { FillingPBSchema } from '../schema/gen/nereus/filling_pb.ts';
import { BackendReportPBSchema, HeartbeatLeasePBSchema } from '../schema/gen/nereus/monitoring_pb.ts';
import {
  CheckReportPBSchema,
  EmptiedPlacesPBSchema,
  RecycleReportPBSchema,
  RecyclerControlPBSchema,
} from '../schema/gen/nereus/recycling_pb.ts';
import { int64, type KeyShape, text } from './key-kind.ts';

/** The first byte of a key that belongs to the whole service. */
const SYSTEM_SPACE = 0x02;

/** The kinds of keys that belong to no instance. Those that begin with `system`, `nereus` are our own. */
export const systemShapes = {
  systemRegistry: {
    about: 'The services that run on this store.',
    space: SYSTEM_SPACE,
    parts: ['system', 'meta-service', 'registry'],
    value: { type: 'message', schema: ServiceRegistryPBSchema },
  },
  systemRamUser: {
    about: 'The cloud user on whose behalf the service reads stages.',
    space: SYSTEM_SPACE,
    parts: ['system', 'meta-service', 'arn_info'],
    value: { type: 'message', schema: RamUserPBSchema },
  },
  systemEncryptionKeys: {
    about: 'The keys with which secrets are encrypted at rest.',
    space: SYSTEM_SPACE,
    parts: ['system', 'meta-service', 'encryption_key_info'],
    value: { type: 'message', schema: EncryptionKeyInfoPBSchema },
  },
  systemNodeChanges: {
    about: "The instances whose nodes were changed last. Nereus' own: Doris neither writes nor reads it.",
    space: SYSTEM_SPACE,
    parts: ['system', 'nereus', 'node_changes'],
    value: { type: 'change list' },
  },
  systemRecyclerControl: {
    about: "Which instances are not to be recycled for now. Nereus' own: Doris neither writes nor reads it.",
    space: SYSTEM_SPACE,
    parts: ['system', 'nereus', 'recycler_control'],
    value: { type: 'message', schema: RecyclerControlPBSchema },
  },
  systemRecycleReport: {
    about: "How far the last round over an instance has come. Nereus' own: Doris neither writes nor reads it.",
    space: SYSTEM_SPACE,
    parts: ['system', 'nereus', 'recycle_report', text('instance_id')],
    value: { type: 'message', schema: RecycleReportPBSchema },
  },
  systemEmptiedPlaces: {
    about:
      "The places of a dropped instance, while all objects there are deleted. Nereus' own: Doris neither writes nor reads it.",
    space: SYSTEM_SPACE,
    parts: ['system', 'nereus', 'emptied_places', text('instance_id')],
    value: { type: 'message', schema: EmptiedPlacesPBSchema },
  },
  systemCheckReport: {
    about: "What the last check of an instance has found. Nereus' own: Doris neither writes nor reads it.",
    space: SYSTEM_SPACE,
    parts: ['system', 'nereus', 'check_report', text('instance_id')],
    value: { type: 'message', schema: CheckReportPBSchema },
  },
  systemBackup: {
    about: "The last backup by schedule, and who makes one. Nereus' own: Doris neither writes nor reads it.",
    space: SYSTEM_SPACE,
    parts: ['system', 'nereus', 'backup'],
    value: { type: 'message', schema: BackupPBSchema },
  },
  systemFilling: {
    about:
      "What a store in a FoundationDB cluster is being filled with by a restore or a move. Nereus' own: Doris neither writes nor reads it.",
    space: SYSTEM_SPACE,
    parts: ['system', 'nereus', 'filling'],
    value: { type: 'message', schema: FillingPBSchema },
  },
  systemReceipt: {
    about:
      "That a commit was made, should its answer get lost: one place after the other for each opener of a FoundationDB cluster. Nereus' own: Doris neither writes nor reads it.",
    space: SYSTEM_SPACE,
    parts: ['system', 'nereus', 'receipt', text('opener'), int64('place')],
    value: { type: 'receipt' },
  },
  systemHeartbeatLease: {
    about: "Which process sends heartbeats to backends. Nereus' own: Doris neither writes nor reads it.",
    space: SYSTEM_SPACE,
    parts: ['system', 'nereus', 'heartbeat_lease'],
    value: { type: 'message', schema: HeartbeatLeasePBSchema },
  },
  systemBackendReport: {
    about: "What backends have answered to heartbeats. Nereus' own: Doris neither writes nor reads it.",
    space: SYSTEM_SPACE,
    parts: ['system', 'nereus', 'backend_report'],
    value: { type: 'message', schema: BackendReportPBSchema, split: { version: 0 } },
  },
} as const satisfies Record<string, KeyShape>;
