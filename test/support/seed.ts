// Loaded before every test file: gives every property the same seed, as fuzz.ts describes.
import * as imported from 'fast-check'
import {createRequire} from 'node:module'
import {seedOf} from './fuzz.js'

// A test file is imported or required, and each way has a fast-check of its own.
const required = createRequire(import.meta.url)('fast-check') as typeof imported
for (const {configureGlobal} of [imported, required]) configureGlobal({seed: seedOf(process.env)})
