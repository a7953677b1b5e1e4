import { defineFeature } from '../../app/registry.ts'

export default defineFeature({
  id: 'start',
  routes: [
    { path: '/start/add', component: () => import('./AddScreen.vue'), meta: { titleKey: 'start.title' } },
  ],
  commands: (t) => [
    {
      id: 'start:add',
      title: t('start.title'),
      icon: 'plus',
      run: () => {
        location.hash = '#/start/add'
      },
    },
  ],
})
