import { existsSync } from 'node:fs';
import type { Browser } from 'playwright-core';

/** Where Debian and others put it. */
const PROGRAMS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Why no browser can be started here, or undefined when one can. */
export function whyNoBrowser(): string | undefined {
  return PROGRAMS.some(existsSync) ? undefined : 'chromium is not installed';
}

/** Starts the browser of this machine. Nothing is downloaded. */
export async function launchBrowser(): Promise<Browser> {
  const { chromium } = await import('playwright-core');
  // Its sandbox needs what containers, and root, mostly don't have; it visits nothing but our own page.
  return chromium.launch({ executablePath: PROGRAMS.find(existsSync) ?? '', args: ['--no-sandbox'] });
}
