import type { HdfsLocation } from '../location.ts';
import { ObjectStoreError } from '../object-store-error.ts';

/** Schemes of a file system's name that say how its WebHDFS is called. */
const WEB_SCHEMES: Readonly<Record<string, string>> = {
  http: 'http',
  https: 'https',
  webhdfs: 'http',
  swebhdfs: 'https',
};

/**
 * The addresses under which the name nodes of a file system answer WebHDFS: `http://host:9870`. The name itself gives one, or
 * the configuration that comes with it, else it is the host of the name at `port`. Throws an ObjectStoreError when there is
 * none.
 */
export function nameNodesOf({ fs_name, confs }: HdfsLocation, port: number): readonly string[] {
  const [, scheme = '', authority = ''] = /^(?:([a-z]+):\/\/)?([^/]*)\/*$/i.exec(fs_name.trim()) ?? [];
  if (authority === '') throw noAddress('its file system has no name');
  const web = WEB_SCHEMES[scheme.toLowerCase()];
  if (web) return [originOf(web, authority)];
  if (scheme !== '' && scheme.toLowerCase() !== 'hdfs') {
    throw noAddress(`a file system '${scheme}' can not be reached over WebHDFS`);
  }
  const secure = confs['dfs.http.policy'] === 'HTTPS_ONLY';
  const setting = secure ? 'dfs.namenode.https-address' : 'dfs.namenode.http-address';
  const http = secure ? 'https' : 'http';
  const nodes = list(confs[`dfs.ha.namenodes.${authority}`]);
  if (nodes.length === 0) {
    return [originOf(http, atHost(confs[setting] ?? confs[`${setting}.${authority}`], hostOf(authority), port))];
  }
  return nodes.map((node) => {
    const rpc = confs[`dfs.namenode.rpc-address.${authority}.${node}`] ?? '';
    const given = confs[`${setting}.${authority}.${node}`];
    if (given === undefined && rpc === '') throw noAddress(`its configuration has no address of the name node ${node}`);
    return originOf(http, atHost(given, hostOf(rpc), port));
  });
}

/** The address that was given; one that means every address of its machine is taken to be at `host`. */
function atHost(given: string | undefined, host: string, port: number): string {
  if (given === undefined || given === '') return `${host}:${port}`;
  return given.startsWith('0.0.0.0:') && host !== '' ? `${host}:${given.slice('0.0.0.0:'.length)}` : given;
}

/** `host` of `host:8020`, `[::1]` of `[::1]:8020`. */
function hostOf(authority: string): string {
  return authority.replace(/:\d+$/, '');
}

function originOf(scheme: string, authority: string): string {
  const address = `${scheme}://${authority}`;
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (!url || url.hostname === '' || url.username !== '' || url.password !== '' || url.search !== '') {
    throw noAddress('the name of its file system or the address of a name node is no address');
  }
  return url.origin;
}

function list(text = ''): string[] {
  return text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

function noAddress(why: string): ObjectStoreError {
  return new ObjectStoreError('misconfigured', why);
}
