import { defineFeature } from '../../app/registry.ts'

export default defineFeature({
  id: 'promise',
  routes: [
    {
      path: '/promise',
      component: () => import('./PromiseScreen.vue'),
      meta: { titleKey: 'promise.title' },
    },
  ],
  commands: (t) => [
    {
      id: 'promise:ask',
      title: t('promise.command'),
      icon: 'fulfil',
      run: () => {
        location.hash = '#/promise'
      },
    },
  ],
})
