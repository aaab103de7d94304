import { BlockList, isIP } from 'node:net';
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';
import type { Settings } from '../../config/settings.ts';

type Interfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>;

const LOOPBACK = '127.0.0.1';
const WILDCARDS: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

/**
 * The address at which others reach this machine: the one that is listened on, where it is one; or else one in
 * `priority_networks`, or the first that is not of this machine alone.
 */
export function ownAddress(
  { listen, priority_networks }: Pick<Settings, 'listen' | 'priority_networks'>,
  interfaces: Interfaces = networkInterfaces(),
): string {
  if (isIP(listen.host) !== 0 && !WILDCARDS.has(listen.host)) return listen.host;
  const addresses = Object.values(interfaces)
    .flatMap((all) => all ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .map(({ address }) => address);
  const networks = networksOf(priority_networks);
  const wanted = networks === undefined ? addresses : addresses.filter((address) => networks.check(address));
  return wanted[0] ?? LOOPBACK;
}

/** `10.0.0.0/8;192.168.1.0/24`, or undefined for none. */
function networksOf(text: string): BlockList | undefined {
  if (text === '') return undefined;
  const networks = new BlockList();
  for (const network of text.split(';')) {
    const [address = '', bits = '32'] = network.split('/');
    networks.addSubnet(address, Number(bits), 'ipv4');
  }
  return networks;
}
