import { createRouter, createWebHashHistory } from 'vue-router'
import { features, railFeatures } from './features.ts'
import { useSession } from './stores/session.ts'

declare module 'vue-router' {
  interface RouteMeta {
    /** Message key of the screen's title in the top bar. */
    titleKey?: string
  }
}

/** Hash addresses: they need nothing from whoever serves the page. */
export function makeRouter() {
  return createRouter({
    history: createWebHashHistory(),
    routes: [
      ...features.flatMap(({ routes }) => [...routes]),
      {
        path: '/:rest(.*)*',
        redirect: () => railFeatures(useSession().role)[0]?.rail?.path ?? '/settings',
      },
    ],
  })
}
