viewer.render({
        container
      });
      // The microscopy viewer hides gray channels until somebody asks for them, which OHIF never
      // does: the first ones are shown, each in a color, as bright as the brightest seen so far.
      const channelColors = [
        [0, 0, 255], [0, 255, 0], [255, 0, 0], [0, 255, 255], [255, 0, 255], [255, 255, 0],
      ];
      const channels = viewer.getAllOpticalPaths().filter((path) => path.isMonochromatic);
      channels.slice(0, channelColors.length).forEach((path, number) => {
        const layers = viewer.getMap().getLayers();
        const others = layers.getArray().slice();
        const color = channels.length > 1 ? channelColors[number] : [255, 255, 255];
        viewer.showOpticalPath(path.identifier, { color });
        const layer = layers.getArray().find((one) => !others.includes(one));
        let brightest = 0;
        layer.getSource().on('tileloadend', ({ tile }) => {
          const sorted = Float32Array.from(tile.getData()).sort();
          const bright = sorted[Math.floor(0.999 * (sorted.length - 1))];
          if (bright <= brightest) return;
          brightest = bright;
          viewer.setOpticalPathStyle(path.identifier, { limitValues: [0, bright] });
        });
      });