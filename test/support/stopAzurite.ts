import { stopAzurite } from './startAzuriteOnce';

/** After all tests. */
export default stopAzurite;
