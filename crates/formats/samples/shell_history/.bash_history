ls before times were kept
#1772359200
sudo -i
#1772359230
for f in *; do
  echo "$f"
done
#1772359260
history -c
#12
