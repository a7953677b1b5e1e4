import { defineFeature } from '../../app/registry.ts'
import { settingsSections } from './sections.ts'

export default defineFeature({
  id: 'settings',
  routes: [
    {
      path: '/settings/:section?',
      component: () => import('./SettingsScreen.vue'),
      meta: { titleKey: 'settings.title' },
    },
  ],
  rail: { icon: 'settings', labelKey: 'settings.rail', path: '/settings', letter: 'o' },
  commands: (t) =>
    settingsSections.map(({ id, icon, labelKey }) => ({
      id: `settings:${id}`,
      title: `${t('settings.title')} · ${t(labelKey)}`,
      icon,
      run: () => {
        location.hash = `#/settings/${id}`
      },
    })),
})
