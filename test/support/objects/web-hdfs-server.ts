import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { HdfsLocation } from '../../../src/objects/location.ts';
import { HdfsException, HdfsTree } from './hdfs-tree.ts';

export interface WebHdfsOptions {
  /** Entries that a listing has at a time. */
  readonly page_entries?: number;
  /** Whether it is too old to list a folder in batches. */
  readonly old?: boolean;
  /** Whether it answers that another one is in charge. */
  readonly standby?: boolean;
  /** Whether it asks for a login by Kerberos. */
  readonly kerberos?: boolean;
  /** The files, for several name nodes that share them. */
  readonly tree?: HdfsTree;
}

/** A name node and a data node that answer as the specification of WebHDFS says, for as much of it as is needed. */
export interface WebHdfsServer {
  /** `127.0.0.1:PORT` of the name node. */
  readonly address: string;
  readonly tree: HdfsTree;
  /** The operations that were asked for, of both nodes: `GET LISTSTATUS_BATCH /a`. */
  readonly asked: string[];
  location(more?: Partial<HdfsLocation>): HdfsLocation;
  stop(): Promise<void>;
}

const ROOT = '/webhdfs/v1';
/** The only user who may do anything. */
const USER = 'doris';

export async function startWebHdfs(options: WebHdfsOptions = {}): Promise<WebHdfsServer> {
  const { tree = new HdfsTree() } = options;
  const asked: string[] = [];
  const dataNode = await listen(async (request, response) => {
    const { path, parameters } = read(request);
    asked.push(`${request.method} data ${path}`);
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part);
    tree.create(path, Buffer.concat(parts), Date.now());
    response.writeHead(201, { location: `hdfs://${parameters.get('namenoderpcaddress')}${encoded(path)}` }).end();
  });
  const nameNode = await listen((request, response) => {
    const { path, parameters } = read(request);
    const op = parameters.get('op') ?? '';
    asked.push(`${request.method} ${op} ${path}`);
    if (options.kerberos) {
      response.writeHead(401, { 'www-authenticate': 'Negotiate', 'content-type': 'text/html' }).end('<html></html>');
    } else if (op === 'CREATE' && request.method === 'PUT') {
      refuseOthers(options, parameters);
      const query = `op=CREATE&namenoderpcaddress=localhost:8020&overwrite=${parameters.get('overwrite')}`;
      response
        .writeHead(307, {
          location: `http://${dataNode.address}${ROOT}${encoded(path)}?${query}`,
        })
        .end();
    } else {
      refuseOthers(options, parameters);
      const answer = answerTo(request.method ?? '', op, path, parameters, tree, options);
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
    }
  });
  const place = { kind: 'hdfs', fs_name: 'hdfs://127.0.0.1:8020', user: USER, prefix: 'pre', kerberos: false } as const;
  return {
    address: nameNode.address,
    tree,
    asked,
    location: (more) => ({ ...place, confs: { 'dfs.namenode.http-address': nameNode.address }, ...more }),
    async stop() {
      await Promise.all([nameNode.stop(), dataNode.stop()]);
    },
  };
}

function refuseOthers({ standby }: WebHdfsOptions, parameters: URLSearchParams): void {
  if (standby) {
    throw new HdfsException('StandbyException', 403, 'Operation category READ is not supported in state standby');
  }
  const user = parameters.get('user.name') ?? 'dr.who';
  if (user !== USER) throw new HdfsException('AccessControlException', 403, `Permission denied: user=${user}`);
}

function answerTo(
  method: string,
  op: string,
  path: string,
  parameters: URLSearchParams,
  tree: HdfsTree,
  { page_entries = 1000, old = false }: WebHdfsOptions,
): object {
  switch (`${method} ${op}`) {
    case 'GET GETFILESTATUS':
      return { FileStatus: tree.status(path) };
    case 'GET LISTSTATUS':
      return { FileStatuses: { FileStatus: tree.list(path) } };
    case 'GET GETCONTENTSUMMARY':
      return { ContentSummary: tree.summary(path) };
    case 'DELETE DELETE':
      return { boolean: tree.delete(path, parameters.get('recursive') === 'true') };
    case 'GET LISTSTATUS_BATCH':
      if (!old) return batch(tree, path, Buffer.from(parameters.get('startAfter') ?? ''), page_entries);
  }
  const message = `Invalid value for webhdfs parameter "op": No enum constant ${op}`;
  throw new HdfsException('IllegalArgumentException', 400, message);
}

function batch(tree: HdfsTree, path: string, after: Buffer, page_entries: number): object {
  const rest = tree.list(path).filter(({ pathSuffix }) => {
    return pathSuffix === '' || Buffer.compare(Buffer.from(pathSuffix), after) > 0;
  });
  const page = rest.slice(0, page_entries);
  const partialListing = { FileStatuses: { FileStatus: page } };
  return { DirectoryListing: { partialListing, remainingEntries: rest.length - page.length } };
}

function read(request: IncomingMessage): { readonly path: string; readonly parameters: URLSearchParams } {
  const url = new URL(request.url ?? '', 'http://localhost');
  if (!url.pathname.startsWith(ROOT)) throw new HdfsException('NotFound', 404, 'no such page');
  return { path: decodeURIComponent(url.pathname.slice(ROOT.length)), parameters: url.searchParams };
}

function encoded(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}

interface Listening {
  readonly address: string;
  stop(): Promise<void>;
}

async function listen(
  answer: (request: IncomingMessage, response: ServerResponse) => void | Promise<void>,
): Promise<Listening> {
  const server: Server = createServer(async (request, response) => {
    try {
      await answer(request, response);
    } catch (error) {
      const { exception = 'RuntimeException', status = 500, message } = error as HdfsException;
      const javaClassName = `org.apache.hadoop.${exception}`;
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ RemoteException: { exception, javaClassName, message } }));
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
