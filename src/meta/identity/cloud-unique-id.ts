/**
 * The instance that an id of the form `<version>:<instance_id>:<node>` names, or undefined for any other id.
 *
 * Frontends and backends send what their operators wrote into fe.conf and be.conf, so this reads as leniently as the
 * reference: empty parts don't count, and the version is what C's atoi makes of it ("01", " 1" and "1x" are all 1).
 */
export function instanceNamedBy(cloudUniqueId: string): string | undefined {
  const parts = cloudUniqueId.split(':').filter((part) => part !== '');
  const [version = '', instanceId] = parts;
  return parts.length === 3 && /^\s*\+?0*1(?!\d)/.test(version) ? instanceId : undefined;
}
