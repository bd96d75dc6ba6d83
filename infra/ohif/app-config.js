/* The viewer of PACS2go: one source, the portal's own DICOMweb, within the portal's session.
   No dicomjson or proxy source, which would load images from any address named in a link. */
window.config = {
  name: 'PACS2go',
  routerBasename: '/ohif',
  showStudyList: true,
  extensions: [],
  modes: [],
  whiteLabeling: {
    // The way back: a link, so that the browser loads the portal and not a page of the viewer.
    createLogoComponentFn: (React) =>
      React.createElement('a', { href: '/', style: { color: 'white', fontWeight: 700 } }, 'PACS2go'),
  },
  // The product tour greys out the image of everybody who comes for the first time.
  customizationService: [{ 'ohif.tours': { $set: [] } }],
  maxNumberOfWebWorkers: 2,
  showWarningMessageForCrossOrigin: false,
  showCPUFallbackMessage: true,
  showLoadingIndicator: true,
  strictZSpacingForVolumeViewport: true,
  groupEnabledModesFirst: true,
  investigationalUseDialog: { option: 'never' },
  maxNumRequests: { interaction: 100, thumbnail: 5, prefetch: 10 },
  showErrorDetails: 'production',
  defaultDataSourceName: 'pacs2go',
  dataSources: [
    {
      namespace: '@ohif/extension-default.dataSourcesModule.dicomweb',
      sourceName: 'pacs2go',
      configuration: {
        friendlyName: 'PACS2go',
        name: 'pacs2go',
        qidoRoot: '/dicom-web',
        wadoRoot: '/dicom-web',
        qidoSupportsIncludeField: false,
        supportsReject: false,
        dicomUploadEnabled: false,
        imageRendering: 'wadors',
        thumbnailRendering: 'wadors',
        enableStudyLazyLoad: true,
        supportsFuzzyMatching: false,
        supportsWildcard: true,
        staticWado: false,
        singlepart: 'bulkdata,video,pdf',
        bulkDataURI: { enabled: true },
        omitQuotationForMultipartRequest: true,
      },
    },
  ],
};
