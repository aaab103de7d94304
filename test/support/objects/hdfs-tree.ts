/** A refusal of the file system, by the name of its class in Java. */
export class HdfsException extends Error {
  constructor(
    readonly exception: string,
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

export interface TreeStatus {
  readonly pathSuffix: string;
  readonly type: 'FILE' | 'DIRECTORY';
  readonly length: number;
  readonly modificationTime: number;
}

interface Node {
  readonly body?: Buffer;
  readonly modified_ms: number;
  /** What a folder has in it. */
  readonly children?: Map<string, Node>;
}

/** Files and folders in memory, by the rules of HDFS. Paths begin with a slash. */
export class HdfsTree {
  #root: Node = folder();
  /** Files that can't be deleted by anyone. */
  readonly stuck = new Set<string>();
  /** Paths that stay, and all that is told of it is that they were not deleted. */
  readonly silent = new Set<string>();

  /** The paths of all files. */
  get files(): string[] {
    return [...walk(this.#root, '')].map(([path]) => path).sort();
  }

  status(path: string): TreeStatus {
    return statusOf('', this.#get(path));
  }

  /** The entries of a folder in the order of their names; of a file, itself without a name. */
  list(path: string): TreeStatus[] {
    const node = this.#get(path);
    if (!node.children) return [statusOf('', node)];
    return [...node.children].map(([name, child]) => statusOf(name, child)).sort(byName);
  }

  summary(path: string): { directoryCount: number; fileCount: number; length: number } {
    const node = this.#get(path);
    const files = [...walk(node, '')];
    const length = files.reduce((sum, [, { body }]) => sum + (body?.byteLength ?? 0), 0);
    return { directoryCount: countFolders(node), fileCount: files.length, length };
  }

  create(path: string, body: Buffer, now_ms: number): void {
    const names = namesOf(path);
    if (names.some((name) => name.includes(':'))) {
      throw new HdfsException('InvalidPathException', 400, `Invalid path name Invalid file name: ${path}`);
    }
    const name = names.pop() ?? '';
    let at = this.#root;
    for (const step of names) {
      if (!at.children) throw new HdfsException('ParentNotDirectoryException', 403, `${step} is not a directory`);
      const next = at.children.get(step) ?? folder();
      at.children.set(step, next);
      at = next;
    }
    if (at.children?.get(name)?.children) {
      throw new HdfsException('FileAlreadyExistsException', 403, `${path} already exists as a directory`);
    }
    at.children?.set(name, { body, modified_ms: now_ms });
  }

  /** Deletes a file or a folder, and says whether it was there. */
  delete(path: string, recursive: boolean): boolean {
    const names = namesOf(path);
    const name = names.pop();
    const parent = this.#find(names);
    const node = name === undefined ? this.#root : parent?.children?.get(name);
    if (!node || this.silent.has(path)) return false;
    const inside = [...walk(node, path)].map(([file]) => file);
    const stuck = inside.find((file) => this.stuck.has(file));
    if (stuck) throw new HdfsException('AccessControlException', 403, `Permission denied: path="${stuck}"`);
    if (!recursive && node.children && node.children.size > 0) {
      throw new HdfsException('PathIsNotEmptyDirectoryException', 403, `${path} is non empty`);
    }
    if (name === undefined) this.#root = folder();
    else parent?.children?.delete(name);
    return true;
  }

  #get(path: string): Node {
    const node = this.#find(namesOf(path));
    if (!node) throw new HdfsException('FileNotFoundException', 404, `File ${path} does not exist.`);
    return node;
  }

  #find(names: readonly string[]): Node | undefined {
    return names.reduce<Node | undefined>((at, name) => at?.children?.get(name), this.#root);
  }
}

function folder(): Node {
  return { modified_ms: 0, children: new Map() };
}

function namesOf(path: string): string[] {
  return path.split('/').filter((name) => name !== '');
}

function* walk(node: Node, path: string): Generator<[string, Node]> {
  if (!node.children) yield [path, node];
  for (const [name, child] of node.children ?? []) yield* walk(child, `${path}/${name}`);
}

function countFolders({ children }: Node): number {
  if (!children) return 0;
  return [...children.values()].reduce((sum, child) => sum + countFolders(child), 1);
}

function statusOf(pathSuffix: string, { body, children, modified_ms }: Node): TreeStatus {
  return {
    pathSuffix,
    type: children ? 'DIRECTORY' : 'FILE',
    length: body?.byteLength ?? 0,
    modificationTime: modified_ms,
  };
}

function byName(one: TreeStatus, other: TreeStatus): number {
  return Buffer.compare(Buffer.from(one.pathSuffix), Buffer.from(other.pathSuffix));
}
