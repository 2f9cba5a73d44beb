/*
 * Index keys of pgsphere's polygons in linear time.
 *
 * pgsphere's GiST keys of an spoly are boxes in x, y, z around the polygon on the unit sphere, as
 * six integers: the least and the greatest of each coordinate.  Its own function asks, for each
 * edge, whether the polygon contains one of the six points where an axis meets the sphere, which
 * takes a time that grows with the square of the number of vertices.  This one asks once.
 *
 * A box may be larger than need be (PostgreSQL looks at the polygon itself then), never smaller.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "access/gist.h"
#include "fmgr.h"

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(epnkit_spoly_compress);

/* pgsphere's spoly: a varlena of a count and points in radians. */
typedef struct
{
	double		lng;
	double		lat;
} Point;

typedef struct
{
	char		vl_len_[4];
	int32		npts;
	Point		p[FLEXIBLE_ARRAY_MEMBER];
} Polygon;

/* The integer that stands for 1.0 in a key, and by how much a box is widened for rounding. */
#define ONE ((1 << 30) - 1)
#define MARGIN 4

typedef struct
{
	double		min[3];
	double		max[3];
} Box;

static void
to_vector(const Point *point, double *v)
{
	v[0] = cos(point->lat) * cos(point->lng);
	v[1] = cos(point->lat) * sin(point->lng);
	v[2] = sin(point->lat);
}

static void
cross(const double *a, const double *b, double *product)
{
	product[0] = a[1] * b[2] - a[2] * b[1];
	product[1] = a[2] * b[0] - a[0] * b[2];
	product[2] = a[0] * b[1] - a[1] * b[0];
}

static double
dot(const double *a, const double *b)
{
	return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

static void
include(Box *box, int axis, double value)
{
	if (value < box->min[axis])
		box->min[axis] = value;
	if (value > box->max[axis])
		box->max[axis] = value;
}

/*
 * Between its ends, an edge reaches the extreme of a coordinate where its great circle does, if
 * that point lies on the edge.
 */
static void
include_edge(Box *box, const double *a, const double *b)
{
	double		normal[3];
	double		length;

	cross(a, b, normal);
	length = sqrt(dot(normal, normal));
	if (length < DBL_EPSILON)
		return;
	for (int axis = 0; axis < 3; axis++)
	{
		double		component = normal[axis] / length;
		double		extreme = sqrt(Max(0.0, 1.0 - component * component));
		double		top[3];
		double		from_a[3];
		double		to_b[3];

		/* The part of the axis that is at right angles to the normal, times the extreme. */
		for (int i = 0; i < 3; i++)
			top[i] = (i == axis ? 1.0 : 0.0) - component * normal[i] / length;
		cross(a, top, from_a);
		cross(top, b, to_b);
		if (dot(from_a, normal) >= 0.0 && dot(to_b, normal) >= 0.0)
			include(box, axis, extreme);
		if (dot(from_a, normal) <= 0.0 && dot(to_b, normal) <= 0.0)
			include(box, axis, -extreme);
	}
}

/* By what angle the direction from an axis turns along an edge. */
static double
turn(int axis, const double *a, const double *b)
{
	int			u = (axis + 1) % 3;
	int			v = (axis + 2) % 3;

	return atan2(a[u] * b[v] - a[v] * b[u], a[u] * b[u] + a[v] * b[v]);
}

/*
 * A polygon that winds around an axis contains one of the two points where the axis meets the
 * sphere: the one on the side of its centre, since a polygon is smaller than a hemisphere.
 */
static void
include_axes(Box *box, const double *turned, const double *centre, double size)
{
	for (int axis = 0; axis < 3; axis++)
	{
		if (fabs(turned[axis]) < 1.0)
			continue;
		if (centre[axis] > -1e-6 * size)
			box->max[axis] = 1.0;
		if (centre[axis] < 1e-6 * size)
			box->min[axis] = -1.0;
	}
}

static void
bound(const Polygon *polygon, Box *box)
{
	double		turned[3] = {0.0, 0.0, 0.0};
	double		centre[3] = {0.0, 0.0, 0.0};
	double		a[3];
	double		b[3];

	to_vector(&polygon->p[polygon->npts - 1], a);
	for (int i = 0; i < polygon->npts; i++)
	{
		to_vector(&polygon->p[i], b);
		for (int axis = 0; axis < 3; axis++)
		{
			include(box, axis, b[axis]);
			turned[axis] += turn(axis, a, b);
			centre[axis] += b[axis];
		}
		include_edge(box, a, b);
		memcpy(a, b, sizeof(a));
	}
	include_axes(box, turned, centre, polygon->npts);
}

/*
 * The box around a polygon as a key of pgsphere's: three least values, three greatest.
 */
static int32 *
make_key(const Polygon *polygon)
{
	int32	   *key = palloc(6 * sizeof(int32));
	Box			box = {{1.0, 1.0, 1.0}, {-1.0, -1.0, -1.0}};

	bound(polygon, &box);
	for (int axis = 0; axis < 3; axis++)
	{
		double		low = floor(box.min[axis] * ONE) - MARGIN;
		double		high = ceil(box.max[axis] * ONE) + MARGIN;

		key[axis] = (int32) Max(low, (double) -ONE);
		key[axis + 3] = (int32) Min(high, (double) ONE);
	}
	return key;
}

/*
 * GiST's compress: a polygon that is stored becomes its key, any other entry stays as it is.
 */
Datum
epnkit_spoly_compress(PG_FUNCTION_ARGS)
{
	GISTENTRY  *entry = (GISTENTRY *) PG_GETARG_POINTER(0);
	GISTENTRY  *made;
	Datum		key = (Datum) 0;

	if (!entry->leafkey)
		PG_RETURN_POINTER(entry);
	if (DatumGetPointer(entry->key) != NULL)
		key = PointerGetDatum(make_key((Polygon *) PG_DETOAST_DATUM(entry->key)));
	made = palloc(sizeof(GISTENTRY));
	gistentryinit(*made, key, entry->rel, entry->page, entry->offset, false);
	PG_RETURN_POINTER(made);
}
