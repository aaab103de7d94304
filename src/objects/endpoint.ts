import { isIP } from 'node:net';
import { ObjectStoreError } from './object-store-error.ts';

/** The address of an endpoint that may come without a scheme. Throws an ObjectStoreError when it is none. */
export function endpointUrl(endpoint: string, scheme: string): URL {
  const text = endpoint.trim();
  const address = text.includes('://') ? text : `${scheme}://${text}`;
  const url = text !== '' && URL.canParse(address) ? new URL(address) : undefined;
  // Who calls is said elsewhere; what stands behind the path would be lost.
  const plain = url && [url.username, url.password, url.search, url.hash].every((part) => part === '');
  if (!plain || url.hostname === '' || !/^https?:$/.test(url.protocol)) {
    throw new ObjectStoreError('misconfigured', 'its endpoint is no address');
  }
  return url;
}

/** Whether a bucket can't stand before the host: addresses in figures and names of one word have no names below them. */
export function needsPathStyle({ hostname }: URL): boolean {
  const host = hostname.replace(/^\[|\]$/g, '');
  return isIP(host) !== 0 || !host.includes('.');
}
