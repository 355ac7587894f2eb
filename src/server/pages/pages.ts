import type { FastifyPluginAsync } from 'fastify'
import type { Serving } from '../../jobs/stored-replay.ts'
import { artifact } from './artifact.ts'
import { serveAssets } from './assets.ts'
import { compare } from './compare.ts'
import { demo } from './demo.ts'
import { readForms } from './form.ts'
import { home } from './home.ts'
import { notProved } from './not-proved.ts'
import { replays } from './replays.ts'
import { trust } from './trust.ts'
import { verification } from './verification.ts'
import { verifications } from './verifications.ts'

/** All pages; each with its permission. Forms are read here and nowhere else. */
export const pages =
  (service: Serving): FastifyPluginAsync =>
  async (app) => {
    readForms(app, service.limits)
    serveAssets(app)
    home(app, service)
    verifications(app, service)
    verification(app, service)
    replays(app, service)
    artifact(app, service)
    compare(app, service)
    trust(app, service)
    notProved(app)
    demo(app, service)
  }
