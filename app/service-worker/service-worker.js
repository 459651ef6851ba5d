/**
 * The service worker. It holds all files of one version of the page, and hands out these and no others until every tab
 * with that version is closed; so an open page never meets files of another.
 */
import { addPlugins, cleanupOutdatedCaches, createHandlerBoundToURL, precacheAndRoute } from 'workbox-precaching';
import { NavigationRoute, registerRoute } from 'workbox-routing';

const self = /** @type {any} */ (globalThis);

/** The build writes them here, once. @type {{url: string, revision: string | null}[]} */
const FILES = __FILES__;

/** What gives the page SharedArrayBuffer, where the host does not say it. */
const ISOLATION = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

addPlugins([
  {
    /**
     * @param {{event: any, response: Response}} answer While the files are fetched to be kept, the event is no request.
     */
    async handlerWillRespond({ event: { request }, response }) {
      if (!request) return response;
      // A kept answer has the address it was kept by; what was asked for with a query must find that in its own.
      if (request.mode !== 'navigate' && !new URL(request.url).search) return response;
      const headers = new Headers(response.headers);
      for (const [name, value] of Object.entries(ISOLATION)) headers.set(name, value);
      return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
    },
  },
]);

// The interpreter's address says where its other files are.
precacheAndRoute(FILES, { ignoreURLParametersMatching: [/^(lesson|snapshot|digest)$/] });
// Each page, with whatever stands behind its address.
const { pathname } = new URL(self.registration.scope);
for (const { url } of FILES) {
  const page = /^(.*\/)?index\.html$/.exec(url);
  if (!page) continue;
  const folder = `${pathname}${page[1] ?? ''}`.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const address = new RegExp(`^${folder}(index\\.html)?(\\?.*)?$`);
  registerRoute(new NavigationRoute(createHandlerBoundToURL(url), { allowlist: [address] }));
}
cleanupOutdatedCaches();

/** The reader wants the next version now: where no other tab has the old one open. @param {MessageEvent} event */
async function takeOver({ data, ports: [port] }) {
  if (data?.type !== 'TAKE_OVER') return;
  const tabs = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
  if (tabs.length === 1) await self.skipWaiting();
  port?.postMessage({ tabs: tabs.length });
}
self.addEventListener('message', (/** @type {any} */ event) => event.waitUntil(takeOver(event)));
