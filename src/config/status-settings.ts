import { boolean, integer, port, users } from './kind.ts';
import { own, secret, section } from './setting.ts';

const HOUR_SECONDS = 3600;
const MINUTE_MS = 60_000;

const count = (max: number) => integer({ placeholder: 'N', min: 1, max });
const milliseconds = integer({ placeholder: 'MS', min: 1, max: MINUTE_MS });

/** Who may see the status page, and where it has its facts from. Those of heartbeats have the names and the defaults of fe.conf. */
export const CLUSTER_STATUS = section('Cluster status', {
  cluster_status_users: secret(
    own(
      users,
      '',
      'Who may see the cluster status page, by HTTP Basic. Empty: `root` without a password where only this machine can be listened to, otherwise nobody.',
    ),
  ),
  frontend_http_port: own(port, '8030', 'Where frontends listen for HTTP: `http_port` of their `fe.conf`.'),
  frontend_timeout_ms: own(
    milliseconds,
    '3000',
    'How long one frontend may take to answer for the cluster status page. Asking all of them takes three times as long at most.',
  ),
  backend_heartbeat: own(
    boolean,
    'false',
    'Whether the backends of instances without a frontend are asked for their state, by a heartbeat that leaves nothing behind in them.',
  ),
  heartbeat_interval_second: own(
    integer({ placeholder: 'SECONDS', min: 1, max: HOUR_SECONDS }),
    '10',
    'How often they are asked, in seconds.',
  ),
  heartbeat_timeout_ms: own(milliseconds, '5000', 'How long a backend may take to answer a heartbeat.'),
  heartbeat_mgr_threads_num: own(count(1000), '8', 'Backends that are asked at a time.'),
  max_backend_heartbeat_failure_tolerance_count: own(
    count(1000),
    '1',
    'How many heartbeats in a row a backend must have left unanswered to count as one that does not answer.',
  ),
});
