// Headless Chromium with the software WebGPU adapter (SwiftShader), driven by playwright-core.
import { chromiumPath, need } from './skip.mjs';

/** Flags with which Debian's Chromium offers WebGPU on a machine without a GPU. */
export const webgpuFlags = ['--enable-unsafe-webgpu', '--enable-features=Vulkan'];

const quiet = ['--no-sandbox', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync'];

/**
 * Launches a browser. `flags`: more command line flags; `webgpu: false` leaves WebGPU out.
 * The caller closes it.
 */
export async function launch({ webgpu = true, flags = [] } = {}) {
  const { chromium } = await need('playwright-core');
  return chromium.launch({
    executablePath: chromiumPath(),
    args: [...quiet, ...(webgpu ? webgpuFlags : []), ...flags],
  });
}

/** A browser context with a profile on disk (in `folder`), where storage limits hold as for a user. */
export async function launchProfile(folder, { webgpu = true, flags = [] } = {}) {
  const { chromium } = await need('playwright-core');
  return chromium.launchPersistentContext(folder, {
    executablePath: chromiumPath(),
    args: [...quiet, ...(webgpu ? webgpuFlags : []), ...flags],
  });
}

/**
 * A page that remembers what went wrong on it: `page.faults` collects console errors, page errors,
 * crashes and CSP violations as strings.
 */
export async function watchedPage(context) {
  const page = await context.newPage();
  page.faults = [];
  page.on('console', (message) => {
    if (process.env.VERBOSE) console.error('console>', message.text());
    if (message.type() === 'error') page.faults.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => page.faults.push(`uncaught: ${error.stack ?? error}`));
  page.on('crash', () => page.faults.push('the page crashed'));
  return page;
}
